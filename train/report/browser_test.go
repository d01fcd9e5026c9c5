//go:build browser

package report

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// The page in a real browser, at the width of a phone and of a desk, light and
// dark: every section, nothing on the console, no request, no sideways
// scrolling, letters that can be read. Needs Chromium on the path.
func TestPageInChromium(t *testing.T) {
	_, page := told()
	inChromium(t, page, len(sectionNames), 12)
}

func TestBacktestInChromium(t *testing.T) {
	_, page := replayed()
	inChromium(t, page, 6, 5)
}

func TestAuditInChromium(t *testing.T) {
	inChromium(t, auditPage(), auditSections, 0)
}

func inChromium(t *testing.T, page string, sections, figures int) {
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	options := chromedp.DefaultExecAllocatorOptions[:]
	if os.Geteuid() == 0 {
		options = append(slices.Clip(options), chromedp.NoSandbox)
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
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
	grounds := map[string]bool{}
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{390, 1200} {
			t.Run(fmt.Sprintf("%s %d", scheme, width), func(t *testing.T) {
				if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 900)); err != nil {
					t.Fatal(err)
				}
				features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
				if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
					t.Fatal(err)
				}
				if err := chromedp.Do(ctx, chromedp.Navigate("file://"+file)); err != nil {
					t.Fatal(err)
				}
				if wide := number(t, ctx, `document.documentElement.scrollWidth`); wide > float64(width) {
					t.Errorf("%v pixels wide on a screen of %d", wide, width)
				}
				if n := number(t, ctx, `document.querySelectorAll("main > section[id]").length`); int(n) != sections {
					t.Errorf("%v sections", n)
				}
				if n := number(t, ctx, `[...document.querySelectorAll("main > section")].filter(s => s.getBoundingClientRect().height < 60).length`); n != 0 {
					t.Errorf("%v sections are empty", n)
				}
				if n := number(t, ctx, `document.querySelectorAll("script,iframe,object,embed,base,form,img,[onload],[onerror],[onmouseover],a[href^=javascript]").length`); n != 0 {
					t.Errorf("%v active nodes", n)
				}
				if n := number(t, ctx, `document.querySelectorAll("figure svg").length`); int(n) < figures {
					t.Errorf("%v figures", n)
				}
				if figures > 0 {
					// letters of a figure as they are seen, and their contrast with the card
					if px := number(t, ctx, `Math.min(...[...document.querySelectorAll("figure text")].map(e => parseFloat(getComputedStyle(e).fontSize) * e.closest("svg").getBoundingClientRect().width / e.closest("svg").viewBox.baseVal.width))`); px < 8.5 {
						t.Errorf("letters of %v pixels", px)
					}
					if c := number(t, ctx, contrast); c < 4 {
						t.Errorf("letters with a contrast of %v", c)
					}
					outside := `[...document.querySelectorAll("figure text")].filter(e => { const t = e.getBoundingClientRect(), f = e.closest("figure").getBoundingClientRect(); return t.right > f.right || t.left < f.left }).length`
					if n := number(t, ctx, outside); n != 0 {
						t.Errorf("%v texts reach out of their figure", n)
					}
				}
				ground, err := chromedp.Run(ctx, chromedp.Evaluate[string](`getComputedStyle(document.body).backgroundColor`))
				if err != nil {
					t.Fatal(err)
				}
				grounds[ground] = true
			})
		}
	}
	if len(grounds) != 2 {
		t.Errorf("light and dark have the grounds %v", grounds)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(said) > 0 {
		t.Errorf("on the console: %q", said)
	}
	for _, url := range asked {
		if !strings.HasPrefix(url, "file://"+file) && url != "data:," {
			t.Errorf("a request to %s", url)
		}
	}
	if len(asked) < 4 {
		t.Errorf("only these requests were seen: %q", asked)
	}
}

// contrast is the least contrast of letters in figures (WCAG 2, relative
// luminance) with the card that they stand on.
const contrast = `(() => {
	const light = c => { const [r, g, b] = c.match(/\d+/g).slice(0, 3).map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 }); return 0.2126 * r + 0.7152 * g + 0.0722 * b }
	return Math.min(...[...document.querySelectorAll("figure text")].map(e => {
		const a = light(getComputedStyle(e).fill), b = light(getComputedStyle(e.closest("figure")).backgroundColor)
		return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
	}))
})()`

func number(t *testing.T, ctx context.Context, script string) float64 {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[float64](script))
	if err != nil {
		t.Fatal(err)
	}
	return v
}
