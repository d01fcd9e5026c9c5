//go:build browser

package serve

import (
	"cmp"
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// The page in a real browser: rows in order, search that works without
// scripts, nothing on the console, no request to anywhere else, no active node
// out of hostile texts. Needs Chromium on the path.
func TestPageInChromium(t *testing.T) {
	raw := leads(60)
	for i, c := range raw.Columns {
		if c.Name == "source" {
			values := map[string][]string{"source": {}}
			for row := range raw.Rows {
				values["source"] = append(values["source"], hostile[row%len(hostile)])
			}
			raw.Columns[i] = table(values, "source").Columns[0]
		}
	}
	s := server(t, &fake{}, func(o *Options) { o.Leads = raw })
	addr, _ := start(t, s)
	options := chromedp.DefaultExecAllocatorOptions[:]
	if os.Geteuid() == 0 {
		options = append(slices.Clip(options), chromedp.NoSandbox)
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	defer cancel()

	var mu sync.Mutex
	var said, asked []string
	if err := chromedp.Listen(ctx, func(ev any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := ev.(type) {
		case *network.EventRequestWillBeSent:
			asked = append(asked, e.Request.URL)
		case *log.EventEntryAdded:
			said = append(said, e.Entry.Text)
		case *runtime.EventConsoleAPICalled:
			said = append(said, string(e.Type))
		case *runtime.EventExceptionThrown:
			said = append(said, e.ExceptionDetails.Text)
		}
	}); err != nil {
		t.Fatal(err)
	}
	const rows = `[...document.querySelectorAll("tr.row")].map(r => +r.dataset.win)`
	const active = `document.querySelectorAll("script,iframe,object,embed,base,form:not(.tools),img:not([src='/icon.svg']),[onload],[onerror],[onmouseover],a[href^='javascript']").length`
	for _, path := range []string{"/", "/?page=2", "/docs"} {
		if err := chromedp.Do(ctx, chromedp.Navigate("http://"+addr+path)); err != nil {
			t.Fatal(err)
		}
		wins, err := chromedp.Run(ctx, chromedp.Evaluate[[]float64](rows))
		if err != nil || len(wins) != map[string]int{"/": 25, "/?page=2": 25, "/docs": 0}[path] || !slices.IsSortedFunc(wins, func(a, b float64) int { return cmp.Compare(b, a) }) {
			t.Errorf("%s: rows %v (%v)", path, wins, err)
		}
		if n, err := chromedp.Run(ctx, chromedp.Evaluate[int](active)); err != nil || n != 0 {
			t.Errorf("%s: %d active nodes (%v)", path, n, err)
		}
		if styled, err := chromedp.Run(ctx, chromedp.Evaluate[string](`getComputedStyle(document.body).margin`)); err != nil || styled != "0px" {
			t.Errorf("%s: the style sheet does not act: margin %q (%v)", path, styled, err)
		}
		for _, width := range []int64{360, 1280} {
			if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 800)); err != nil {
				t.Fatal(err)
			}
			if wide, err := chromedp.Run(ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth`)); err != nil || int64(wide) > width {
				t.Errorf("%s: %d pixels wide on a screen of %d (%v)", path, wide, width, err)
			}
		}
	}
	if err := chromedp.Do(ctx, chromedp.Navigate("http://"+addr+"/"), chromedp.SendKeys("input[type=search]", "L-0007\r")); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.WaitVisible(".clear")); err != nil {
		t.Fatal(err)
	}
	if id, err := chromedp.Run(ctx, chromedp.Text("tr.row .id")); err != nil || id != "L-0007" {
		t.Errorf("the search found %q (%v)", id, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(said) > 0 {
		t.Errorf("on the console: %q", said)
	}
	for _, url := range asked {
		if !strings.HasPrefix(url, "http://"+addr+"/") {
			t.Errorf("a request to %s", url)
		}
	}
	if len(asked) < 6 {
		t.Errorf("only these requests were seen: %q", asked)
	}
}
