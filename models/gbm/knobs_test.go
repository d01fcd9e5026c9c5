package gbm
