package gbm

import (
	"context"
	"sync"
	"sync/atomic"
)

// team runs tasks on some threads. Threads that have nothing to do sleep: a
// trainer often lives beside a server.
type team int

// each calls task for 0…n−1, at most t at a time, and returns the error of the
// lowest task that failed, or the context's.
func (t team) each(ctx context.Context, n int, task func(i int) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if t <= 1 || n <= 1 {
		for i := range n {
			if err := task(i); err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		return nil
	}
	errs := make([]error, n)
	var next atomic.Int64
	work := func() {
		for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
			errs[i] = task(i)
		}
	}
	var group sync.WaitGroup
	for range min(int(t), n) - 1 {
		group.Go(work)
	}
	work()
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// spans cuts 0…n into pieces of at least least, not more than a few a thread.
func (t team) spans(n, least int) int {
	return max(1, min(n/max(1, least), 4*int(t)))
}

// span is piece i of so many.
func span(i, pieces, n int) (from, to int) { return i * n / pieces, (i + 1) * n / pieces }

// borrow takes memory that is not in use, or makes it.
func borrow[T any](spare chan T, make func() T) T {
	select {
	case v := <-spare:
		return v
	default:
		return make()
	}
}

// giveBack lets others borrow.
func giveBack[T any](spare chan T, v T) {
	select {
	case spare <- v:
	default:
	}
}
