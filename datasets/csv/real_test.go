//go:build realdata

package csv

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shapes are the rows and columns that are known of the larger files.
var shapes = map[string][2]int{
	"xeducation_leads/Leads.csv.gz":                               {9240, 37},
	"uci_bank_full/bank-full.csv.gz":                              {45211, 17},
	"uci_bank_additional/bank-additional-full.csv.gz":             {41188, 21},
	"av_insurance_leads/train_Df64byy.csv.gz":                     {50882, 14},
	"hr_job_change/aug_train.csv.gz":                              {19158, 14},
	"hotel_bookings/hotel_bookings.csv.gz":                        {119390, 32},
	"adult/income_evaluation.csv.gz":                              {32561, 15},
	"taiwan_credit/UCI_Credit_Card.csv.gz":                        {30000, 25},
	"ifood_campaign/marketing_campaign.csv.gz":                    {2240, 29},
	"telco_churn/WA_Fn-UseC_-Telco-Customer-Churn.csv.gz":         {7043, 21},
	"crm_maven/sales_pipeline.csv.gz":                             {8800, 8},
	"olist_funnel/olist_marketing_qualified_leads_dataset.csv.gz": {8000, 4},
	"olist_funnel/olist_closed_deals_dataset.csv.gz":              {842, 14},
	"ibm_sales_win_loss/WA_Fn-UseC_-Sales-Win-Loss.csv.gz":        {78025, 19},
	"hillstrom/hillstrom.csv.gz":                                  {64000, 12},
	"channel_attribution/PathData.csv.gz":                         {10000, 4},
	"cdnow/cdnow_master.csv.gz":                                   {69659, 4},
	"online_retail/online_retail.csv.gz":                          {541909, 6},
}

// refused are the files that are at fault themselves, with what is said of them.
var refused = map[string]string{
	// a tool that leaves out empty cells at the end of a row wrote this one
	"dbt_attribution_playbook/sessions.csv.gz": "sessions.csv.gz:11: 6 cells where the header has 7 columns: complete the row, or skip such rows with --max-errors",
}

// Every real export there is can be read, with all of its rows.
func TestRealData(t *testing.T) {
	root := os.Getenv("LEADCAST_DATA")
	if root == "" {
		t.Fatal("LEADCAST_DATA does not name the folder of real data")
	}
	files := 0
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".csv.gz") {
			return err
		}
		files++
		name, _ := filepath.Rel(root, path)
		name = filepath.ToSlash(name)
		s, err := Open([]string{path}, Options{})
		if err != nil {
			return err
		}
		var shape [2]int
		for b, err := range s.Blocks(context.Background()) {
			if err != nil {
				if err.Error() != refused[name] {
					t.Errorf("%s: %v", name, err)
				}
				return nil
			}
			shape[0], shape[1] = shape[0]+b.Rows, len(b.Columns)
		}
		if want, known := shapes[name]; known && shape != want {
			t.Errorf("%s has %d rows and columns, not %d", name, shape, want)
		}
		if shape[0] == 0 || refused[name] != "" {
			t.Errorf("%s: %d rows and columns", name, shape)
		}
		delete(shapes, name)
		return nil
	})
	if err != nil || files == 0 {
		t.Errorf("%d files, %v", files, err)
	}
	for name := range shapes {
		t.Errorf("%s was not found", name)
	}
}
