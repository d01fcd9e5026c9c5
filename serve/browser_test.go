//go:build browser

package serve

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/leadcast/leadcast/train/bundle"
)

// browser is a Chromium with what it said on its console and asked for.
type browser struct {
	t           *testing.T
	ctx         context.Context
	home        string
	mu          sync.Mutex
	said, asked []string
}

// browse opens a Chromium for a server, which must be on the path.
func browse(t *testing.T, s *Server) *browser {
	t.Helper()
	addr, _ := start(t, s)
	options := chromedp.DefaultExecAllocatorOptions[:]
	if os.Geteuid() == 0 {
		options = append(slices.Clip(options), chromedp.NoSandbox)
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx, home: "http://" + addr}
	if err := chromedp.Listen(ctx, func(ev any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := ev.(type) {
		case *network.EventRequestWillBeSent:
			b.asked = append(b.asked, e.Request.URL)
		case *log.EventEntryAdded:
			b.said = append(b.said, e.Entry.Text)
		case *runtime.EventConsoleAPICalled:
			b.said = append(b.said, string(e.Type))
		case *runtime.EventExceptionThrown:
			b.said = append(b.said, e.ExceptionDetails.Text)
		}
	}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) open(path string) { b.t.Helper(); b.do(chromedp.Navigate(b.home + path)) }

// read evaluates an expression on the page.
func read[T any](b *browser, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// await waits until an expression is true on whichever page is shown then.
func (b *browser) await(expression string) {
	b.t.Helper()
	for range 200 {
		if ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`document.readyState === "complete" && `+expression)); err == nil && ok {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	b.t.Fatalf("never true: %s; on %s", expression, read[string](b, "location.href+' '+document.activeElement.outerHTML.slice(0,200)"))
}

// scheme chooses light or dark.
func scheme(name string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}})
		return err
	})
}

func scripts(disabled bool) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: disabled})
		return err
	})
}

// quiet checks that nothing was said on the console and nobody else was asked.
func (b *browser) quiet(least int, expected ...string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, text := range b.said {
		if !slices.ContainsFunc(expected, func(e string) bool { return strings.Contains(text, e) }) {
			b.t.Errorf("on the console: %q", text)
		}
	}
	for _, url := range b.asked {
		if !strings.HasPrefix(url, b.home+"/") {
			b.t.Errorf("a request to %s", url)
		}
	}
	if len(b.asked) < least {
		b.t.Errorf("only these requests were seen: %q", b.asked)
	}
}

// office is a server with a full set of pages, whose leads are hostile where
// their texts can be.
func office(t *testing.T) *Server {
	return server(t, &oracle{days: 90}, func(o *Options) {
		o.Leads = leads(60)
		var source, id []string
		for row := range o.Leads.Rows {
			source, id = append(source, hostile[row%len(hostile)]), append(id, fmt.Sprintf("L-%04d", row))
		}
		for k, text := range hostile {
			id[k+20] = text
		}
		o.Leads.Columns[0] = table(map[string][]string{"lead_id": id}, "lead_id").Columns[0]
		o.Leads.Columns[2] = table(map[string][]string{"source": source}, "source").Columns[0]
		o.Manifest.Schema.Roles.Owner = "rep"
		o.Report, o.Reach = []byte(judgedReport), bundle.Reach{Ahead: 558, Oldest: 997, Tail: 500}
		o.Manifest.Withheld = append(o.Manifest.Withheld, bundle.Withheld{Column: hostile[0], Reason: hostile[1]})
	})
}

// active counts nodes that could do something and are not ours.
const active = `document.querySelectorAll("script:not([src='/page.js']),iframe,object,embed,base,form:not(.tools):not([method=dialog]),img:not([src='/icon.svg']),[onload],[onerror],[onmouseover],[style],a[href^='javascript' i],math,h1 ~ h1").length`

// The pages in a real browser: rows in order, the style sheet at work, no wider
// than the screen, nothing on the console, no request to anywhere else, no
// active node out of hostile texts, readable in light and dark.
func TestPagesInChromium(t *testing.T) {
	b := browse(t, office(t))
	pictures := t.ArtifactDir()
	const rows = `[...document.querySelectorAll("tr.row")].map(r => +r.dataset.win)`
	b.do(chromedp.EmulateViewport(1280, 800))
	b.open("/?page=2")
	links := read[[]string](b, `[...document.querySelectorAll("a.open")].map(a => a.getAttribute("href"))`)
	paths := []string{"/", "/?page=2", "/?chance=99.9&is.rep=U1&q=%3Cb%3E", "/model", "/docs", "/leads/nobody"}
	for i, path := range append(paths, links...) {
		b.do(chromedp.EmulateViewport(1280, 900))
		b.open(path)
		if wins := read[[]float64](b, rows); len(wins) != map[string]int{"/": 25, "/?page=2": 25}[path] || !slices.IsSortedFunc(wins, func(a, b float64) int { return cmp.Compare(b, a) }) {
			t.Errorf("%s: rows %v", path, wins)
		}
		if n := read[int](b, active); n != 0 {
			t.Errorf("%s: %d active nodes", path, n)
		}
		if styled := read[string](b, `getComputedStyle(document.body).margin`); styled != "0px" {
			t.Errorf("%s: the style sheet does not act: margin %q", path, styled)
		}
		if i > len(paths) { // a look at one lead is enough
			continue
		}
		for _, look := range []string{"light", "dark"} {
			for _, width := range []int64{390, 1280} {
				b.do(scheme(look), chromedp.EmulateViewport(width, 900))
				if wide := read[int64](b, `document.documentElement.scrollWidth`); wide > width {
					t.Errorf("%s: %d pixels wide on a screen of %d", path, wide, width)
				}
				if faint := read[[]string](b, faint); len(faint) > 0 {
					t.Errorf("%s, %s: hard to read: %q", path, look, faint)
				}
				picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
				if err == nil {
					err = os.WriteFile(filepath.Join(pictures, fmt.Sprintf("%d-%s-%d.png", i, look, width)), picture, 0o644)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	b.quiet(100, "404 (Not Found)") // said of the lead that is not there
}

// faint lists texts with a contrast below 4.5 to 1 (WCAG 2.2, 1.4.3).
const faint = `(() => {
	const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
	const channels = c => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1); return canvas.getImageData(0, 0, 1, 1).data };
	const light = c => { const [r, g, b] = [...channels(c)].map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b };
	const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (channels(c)[3] === 255) return c } return "white" };
	return [...document.querySelectorAll("body *")].filter(e => e.checkVisibility() && !e.closest("svg") && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())).filter(e => {
		const a = light(getComputedStyle(e).color), b = light(behind(e));
		return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5;
	}).map(e => e.className + " " + e.textContent.slice(0, 40)).slice(0, 5);
})()`

// From the queue to a lead and back by the keyboard alone.
func TestKeysInChromium(t *testing.T) {
	b := browse(t, desk(t, 100, nil))
	b.do(chromedp.EmulateViewport(1280, 900))
	press := func(keys string) {
		t.Helper()
		for _, r := range keys {
			if r < ' ' || r > '~' {
				b.do(chromedp.KeyEvent(string(r)))
				continue
			}
			b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error { // one event, so that the page can keep the sign from being typed
				_, err := cdp.Call(ctx, t, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: string(r), Text: string(r)})
				return err
			}))
		}
	}
	b.open("/")
	b.await(`!document.querySelector("button.keys").hidden`)
	press("?")
	b.await(`document.querySelector("#keys").open`)
	press("j") // nothing moves behind the list
	press(kb.Escape)
	b.await(`!document.querySelector("#keys").open`)
	press("/")
	b.await(`document.activeElement.name === "q"`)
	press("partner" + kb.Enter)
	b.await(`location.search === "?q=partner"`)
	b.await(`document.querySelectorAll(".chip.filter").length === 1`)
	if n := read[int](b, `document.querySelectorAll("tr.row").length`); n != 25 {
		t.Errorf("%d rows", n)
	}
	const id = `document.activeElement.querySelector(".id")?.textContent`
	const at = `[...document.querySelectorAll("a.open")].indexOf(document.activeElement)`
	for _, move := range []struct {
		key  string
		want int
	}{{"j", 0}, {"j", 1}, {kb.ArrowDown, 2}, {kb.ArrowUp, 1}, {"k", 0}, {"j", 1}} {
		if press(move.key); read[int](b, at) != move.want {
			t.Fatalf("after %q the row is %d, want %d", move.key, read[int](b, at), move.want)
		}
	}
	if ring := read[string](b, `getComputedStyle(document.activeElement, "::after").outlineStyle`); ring != "solid" {
		t.Errorf("the row in focus is not seen: %s", ring)
	}
	lead := read[string](b, id)
	press(kb.Enter)
	b.await(`location.pathname.startsWith("/leads/")`)
	b.await(`document.querySelector("h1.id")?.textContent === "` + lead + `"`)
	press("j")
	b.await(`document.querySelector("h1.id")?.textContent !== "` + lead + `"`)
	press("k")
	b.await(`document.querySelector("h1.id")?.textContent === "` + lead + `"`)
	press("u")
	b.await(`location.pathname === "/" && location.search === "?q=partner" && document.activeElement.matches("a.open")`)
	if back := read[string](b, id); back != lead {
		t.Errorf("back at %s, not at %s", back, lead)
	}
	// Typing is typing, and Tab comes to the skip link first and then to everything.
	press("/")
	press("jku?")
	if typed := read[string](b, `document.activeElement.value`); typed != "jku?" {
		t.Errorf("typed %q", typed)
	}
	b.open("/")
	press(kb.Tab)
	if first := read[string](b, `document.activeElement.className`); first != "skip" {
		t.Errorf("Tab comes to %q first", first)
	}
	seen := map[string]bool{}
	for range 60 {
		press(kb.Tab)
		seen[read[string](b, `(e => e.name || e.className || e.textContent)(document.activeElement)`)] = true
	}
	for _, want := range []string{"q", "sort", "is.rep", "is.source", "chance", "from", "to", "open", "button plain", "chip grade-A", "Next →"} {
		if !seen[want] {
			t.Errorf("Tab does not come to %q", want)
		}
	}
	b.quiet(10)
}

// Without scripts the form, the chips, the screens and the leads still work.
func TestPagesWithoutScripts(t *testing.T) {
	b := browse(t, desk(t, 100, nil))
	b.do(scripts(true))
	b.open("/")
	b.do(chromedp.SendKeys("input[name=chance]", "50"), chromedp.SendKeys("input[type=search]", "partner\r"))
	b.await(`location.search === "?chance=50&q=partner"`)
	b.do(chromedp.Click("a.open"))
	b.await(`location.pathname.startsWith("/leads/L-")`)
	if over := read[string](b, `(r => document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2).rel)(document.querySelector("a[rel=next]").getBoundingClientRect())`); over != "next" {
		t.Errorf("something lies over the link to the next lead")
	}
	b.do(chromedp.Click("a[rel=next]"))
	b.await(`document.querySelector(".trail em")?.textContent.startsWith("2 of")`)
	b.do(chromedp.Click("a.back"))
	b.await(`location.pathname === "/" && location.hash.startsWith("#r")`)
	b.do(chromedp.Click(".chip.filter"))
	b.await(`location.search === "?chance=50"`)
	b.quiet(5)
}
