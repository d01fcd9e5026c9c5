package serve

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
)

func TestCheckAddr(t *testing.T) {
	for _, c := range []struct {
		addr       string
		open, keys bool // allowed without keys, with keys
	}{
		{"127.0.0.1:8080", true, true}, {"localhost:0", true, true}, {"[::1]:8080", true, true}, {"127.9.9.9:1", true, true},
		{"0.0.0.0:8080", false, true}, {":8080", false, true}, {"[::]:8080", false, true}, {"192.168.1.5:80", false, true}, {"crm.example:80", false, true},
		{"8080", false, false}, {"", false, false},
	} {
		if err := CheckAddr(c.addr, false); (err == nil) != c.open || err != nil && c.keys && !strings.Contains(err.Error(), "--api-key-file") {
			t.Errorf("%q without keys: %v", c.addr, err)
		}
		if err := CheckAddr(c.addr, true); (err == nil) != c.keys {
			t.Errorf("%q with keys: %v", c.addr, err)
		}
	}
}

func TestReadKeys(t *testing.T) {
	hash := strings.Repeat("ab", 32)
	keys, err := ReadKeys(strings.NewReader("# rotated in March\n\n" + hash + "  sales tool\n" + strings.ToUpper(hash) + "\r\n"))
	if err != nil || len(keys) != 2 || keys[0] != keys[1] || keys[0][0] != 0xab {
		t.Errorf("%v, %v", keys, err)
	}
	for text, want := range map[string]string{
		"":                             "no key",
		"# nothing":                    "no key",
		hash + "\nnot-a-hash":          "line 2",
		hash[:62]:                      "line 1",
		hash + "00":                    "line 1",
		"x" + hash[1:]:                 "line 1",
		strings.Repeat("a", 1<<20):     "key file",
		"secret-key-itself-not-hashed": "line 1",
	} {
		if _, err := ReadKeys(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret-key") {
			t.Errorf("%.20q: %v, want %q", text, err, want)
		}
	}
}

func FuzzReadKeys(f *testing.F) {
	f.Add(strings.Repeat("ab", 32) + " comment\n# more\n")
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := ReadKeys(strings.NewReader(text))
		if err == nil && (len(keys) == 0 || !strings.Contains(strings.ToLower(text), hex.EncodeToString(keys[0][:]))) {
			t.Fatalf("keys from nowhere: %x", keys)
		}
	})
}

// Every route, with every way to bring a key; a route that is not in this
// table fails the test.
func TestRoutesByKey(t *testing.T) {
	const key, old = "5f0c9d", "77aa12"
	s := server(t, &fake{}, func(o *Options) {
		o.Leads = leads(3)
		o.Keys = []KeyHash{sha256.Sum256([]byte(old)), sha256.Sum256([]byte(key))}
	})
	needsKey := map[string]bool{"POST /v1/score": true, "GET /v1/model": true, "GET /": true, "GET /docs": true, "GET /openapi.json": true, "GET /metrics": true,
		"GET /leads.csv": true, "GET /leads/{id}": true, "GET /model": true,
		"GET /healthz": false, "GET /readyz": false, "GET /style.css": false, "GET /page.js": false, "GET /icon.svg": false}
	if len(needsKey) != len(s.routes) {
		t.Errorf("%d routes, %d in the table", len(s.routes), len(needsKey))
	}
	basic := func(password string) string {
		r, _ := http.NewRequest("GET", "/", nil)
		r.SetBasicAuth("anyone", password)
		return r.Header.Get("Authorization")
	}
	for _, r := range s.routes {
		needs, known := needsKey[r.method+" "+r.path]
		if !known {
			t.Errorf("%s %s is not in the table", r.method, r.path)
		}
		body := ""
		if r.method == "POST" {
			body = `{"leads":[{}]}`
		}
		for header, good := range map[string]bool{"": false, "Bearer " + key: true, "bearer " + old: true, "Bearer  " + key: true, basic(key): true,
			"Bearer": false, "Bearer ": false, "Bearer x": false, "Bearer " + key + "0": false, "Bearer " + strings.ToUpper(key): false, key: false, "Basic " + key: false, basic("x"): false, "Digest " + key: false} {
			w := ask(s, r.method, strings.Replace(r.path, "{id}", "L-0001", 1), body, "Authorization", header)
			if ok := w.Code == 200; ok != (good || !needs) {
				t.Errorf("%s %s with %q: %d", r.method, r.path, header, w.Code)
			}
			if w.Code == 200 {
				continue
			}
			p := problemOf(t, w)
			if w.Code != 401 || p.Type != "/docs#unauthorized" || w.Header().Get("WWW-Authenticate") == "" || strings.Contains(p.Detail, key) {
				t.Errorf("%s %s with %q: %d %+v", r.method, r.path, header, w.Code, p)
			}
		}
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	s := server(t, &fake{}, nil)
	for _, path := range []string{"/", "/docs", "/model", "/leads/none", "/page.js", "/v1/model", "/style.css", "/nowhere", "/readyz"} {
		h := ask(s, "GET", path, "").Header()
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin"} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if csp := h.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", path, csp)
		}
	}
}
