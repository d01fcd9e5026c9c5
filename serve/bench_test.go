package serve

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/features"
)

// body is a request of n leads with 40 fields each.
func body(n int) string {
	var leads []string
	for i := range n {
		fields := []string{fmt.Sprintf(`"lead_id":"L-%d","score":%d`, i, i%100)}
		for k := range 38 {
			if k%2 == 0 {
				fields = append(fields, fmt.Sprintf(`"n%d":%d.25`, k, i*k))
			} else {
				fields = append(fields, fmt.Sprintf(`"c%d":"value %d"`, k, i%7))
			}
		}
		leads = append(leads, "{"+strings.Join(fields, ",")+"}")
	}
	return `{"leads":[` + strings.Join(leads, ",") + `],"as_of":"2026-03-31","reasons":3}`
}

func wide(o *Options) {
	for k := range 38 {
		f := o.Manifest.Schema.Fields[3]
		if f.Name = fmt.Sprintf("c%d", k); k%2 == 0 {
			f = o.Manifest.Schema.Fields[4]
			f.Name = fmt.Sprintf("n%d", k)
		}
		o.Manifest.Schema.Fields = append(o.Manifest.Schema.Fields, f)
	}
}

// One request of 40 fields a lead without a network: reading, the fake
// model and writing.
func BenchmarkScore(b *testing.B) {
	for _, n := range []int{1, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, text := server(b, &quick{}, wide), []byte(body(n))
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest("POST", "http://localhost/v1/score", bytes.NewReader(text))
				r.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				if s.Handler().ServeHTTP(w, r); w.Code != 200 {
					b.Fatal(w.Body)
				}
			}
		})
	}
}

// A closed loop over 8 connections on this machine: requests a second and the
// time of the median and the slowest hundredth.
func BenchmarkLoad(b *testing.B) {
	s, text := server(b, &quick{}, wide), body(1)
	addr, stop := start(b, s)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	const conns = 8
	times := make([][]time.Duration, conns)
	b.ResetTimer()
	begin := time.Now()
	var all sync.WaitGroup
	for c := range conns {
		all.Go(func() {
			for range b.N/conns + 1 {
				t := time.Now()
				r, err := client.Post("http://"+addr+"/v1/score", "application/json", strings.NewReader(text))
				if err != nil {
					b.Error(err)
					return
				}
				io.Copy(io.Discard, r.Body)
				r.Body.Close()
				times[c] = append(times[c], time.Since(t))
			}
		})
	}
	all.Wait()
	took := time.Since(begin)
	b.StopTimer()
	client.CloseIdleConnections()
	if err := stop(); err != nil {
		b.Error(err)
	}
	sorted := slices.Sorted(slices.Values(slices.Concat(times...)))
	b.ReportMetric(float64(len(sorted))/took.Seconds(), "requests/s")
	b.ReportMetric(float64(sorted[len(sorted)/2].Microseconds()), "µs-p50")
	b.ReportMetric(float64(sorted[len(sorted)*99/100].Microseconds()), "µs-p99")
}

// quick is a fake without state of its own, so that many may ask at once.
type quick struct{ fake }

func (*quick) Read(raw *datasets.Table, asOf int64) (features.Snapshot, error) {
	return features.Snapshot{Leads: raw}, nil
}

// A screen of the filtered queue of a hundred thousand leads.
func BenchmarkQueue(b *testing.B) {
	s := desk(b, 100_000, nil)
	for b.Loop() {
		if w := ask(s, "GET", "/?is.source=Partner&chance=20&q=l-00&sort=value", ""); w.Code != 200 {
			b.Fatal(w.Code)
		}
	}
}
