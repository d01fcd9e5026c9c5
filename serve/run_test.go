package serve

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// start runs a server on a port of its own; stop ends it and gives Run's error.
func start(t testing.TB, s *Server) (addr string, stop func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, l) }()
	var once sync.Once
	stop = func() (err error) {
		once.Do(func() { cancel(); err = <-done })
		return err
	}
	t.Cleanup(func() { stop() })
	return l.Addr().String(), stop
}

// While 64 connections keep sending, the server stops: every request that was
// sent is answered whole, and what waits in the model is waited for.
func TestDrainWithLiveConnections(t *testing.T) {
	f := &fake{block: make(chan struct{})}
	s := server(t, f, func(o *Options) { o.Limits = Limits{Scoring: 100, Notice: 300 * time.Millisecond} })
	addr, stop := start(t, s)
	slow := make(chan error, 1)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	go func() {
		r, err := client.Post("http://"+addr+"/v1/score", "application/json", strings.NewReader(`{"leads":[{}]}`))
		if err == nil {
			_, err = io.Copy(io.Discard, r.Body)
			r.Body.Close()
		}
		slow <- err
	}()
	for len(s.gate.slots) == 0 {
		time.Sleep(time.Millisecond)
	}
	var all sync.WaitGroup
	var answered, unready atomic.Int64
	for range 64 {
		all.Go(func() {
			for {
				r, err := client.Get("http://" + addr + "/readyz")
				if err != nil {
					t.Errorf("a request was lost: %v", err)
					return
				}
				if _, err = io.Copy(io.Discard, r.Body); err != nil {
					t.Errorf("half an answer: %v", err)
				}
				r.Body.Close()
				answered.Add(1)
				if r.StatusCode == 503 && r.Close { // told to go: as a balancer would, it goes
					unready.Add(1)
					return
				}
			}
		})
	}
	for answered.Load() < 128 { // every connection lives
		time.Sleep(time.Millisecond)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	all.Wait()
	select {
	case err := <-stopped:
		t.Fatalf("stopped before the request in flight was answered: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(f.block)
	if err := <-slow; err != nil {
		t.Errorf("the request in flight: %v", err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Run: %v", err)
	}
	if unready.Load() != 64 {
		t.Errorf("%d answered, %d of them unready", answered.Load(), unready.Load())
	}
}

func TestDrainEnds(t *testing.T) {
	f := &fake{block: make(chan struct{})}
	s := server(t, f, func(o *Options) { o.Limits = Limits{Notice: time.Millisecond, Drain: 50 * time.Millisecond} })
	addr, stop := start(t, s)
	lost := make(chan error, 1)
	go func() {
		r, err := http.Post("http://"+addr+"/v1/score", "application/json", strings.NewReader(`{"leads":[{}]}`))
		if err == nil {
			r.Body.Close()
		}
		lost <- err
	}()
	for len(s.gate.slots) == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := stop(); err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("Run: %v", err)
	}
	if <-lost == nil {
		t.Errorf("the request in flight was answered")
	}
	close(f.block)
	for len(s.gate.slots) > 0 {
		time.Sleep(time.Millisecond)
	}
}

func TestRunRefusesToBeReached(t *testing.T) {
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := server(t, &fake{}, nil).Run(context.Background(), l); err == nil || !strings.Contains(err.Error(), "--api-key-file") {
		t.Errorf("%v", err)
	}
}

// Raw bytes on the wire: the status line that each gets, "" for a connection
// that is closed without one.
func TestRawRequests(t *testing.T) {
	s := server(t, &fake{}, func(o *Options) { o.Limits = Limits{ReadHeader: 150 * time.Millisecond, Read: 300 * time.Millisecond} })
	addr, _ := start(t, s)
	post := "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
	for _, c := range []struct{ name, send, status string }{
		{"good", post + "Content-Length: 14\r\n\r\n" + `{"leads":[{}]}`, "200"},
		{"chunked", post + "Transfer-Encoding: chunked\r\n\r\n" + "e\r\n" + `{"leads":[{}]}` + "\r\n0\r\n\r\n", "200"},
		{"length and chunks", post + "Content-Length: 14\r\nTransfer-Encoding: chunked\r\n\r\ne\r\n" + `{"leads":[{}]}` + "\r\n0\r\n\r\n", "200"}, // RFC 9112 6.3: chunks win, and the connection closes
		{"two lengths", post + "Content-Length: 14\r\nContent-Length: 15\r\n\r\n" + `{"leads":[{}]}`, "400"},
		{"negative length", post + "Content-Length: -1\r\n\r\n", "400"},
		{"bad chunk", post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "400"},
		{"unknown coding", post + "Transfer-Encoding: gzip, chunked\r\n\r\n", "501"},
		{"no host", "GET / HTTP/1.1\r\n\r\n", "400"},
		{"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
		{"blank in header name", "GET / HTTP/1.1\r\nHost: localhost\r\nX : 1\r\n\r\n", "400"},
		{"zero byte in header", "GET / HTTP/1.1\r\nHost: localhost\r\nX: \x00\r\n\r\n", "400"},
		{"not HTTP", "hello\r\n\r\n", "400"},
		{"HTTP/3.0", "GET / HTTP/3.0\r\nHost: localhost\r\n\r\n", "505"},
		{"header of 17 KiB", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 17<<10) + "\r\n\r\n", "431"},
		{"header of 15 KiB", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 15<<10) + "\r\n\r\n", "200"},
		{"2 GB announced", post + "Content-Length: 2147483648\r\n\r\n{", "413"},
		{"body too short", post + "Content-Length: 20\r\n\r\n{", "408"},
		{"header never ends", "GET / HTTP/1.1\r\nHost: localhost\r\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(5 * time.Second))
			io.WriteString(conn, c.send)
			line, err := bufio.NewReader(conn).ReadString('\n')
			if status, _, _ := strings.Cut(strings.TrimPrefix(line, "HTTP/1.1 "), " "); strings.TrimSpace(status) != c.status {
				t.Errorf("status %q (%v), want %q", status, err, c.status)
			}
		})
	}
}

// Slow senders hold connections, not the server: others are answered.
func TestSlowSendersLeaveRoom(t *testing.T) {
	s := server(t, &fake{}, func(o *Options) { o.Limits = Limits{Connections: 40, ReadHeader: 200 * time.Millisecond} })
	addr, _ := start(t, s)
	for range 39 {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, "GET / HT")
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	for range 50 {
		r, err := client.Get("http://" + addr + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
	}
}

func TestConnectionsAreLimited(t *testing.T) {
	s := server(t, &fake{}, func(o *Options) { o.Limits = Limits{Connections: 2} })
	addr, _ := start(t, s)
	get := func(c net.Conn) error {
		fmt.Fprint(c, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
		c.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		_, err := c.Read(make([]byte, 1))
		return err
	}
	var conns [3]net.Conn
	for i := range conns {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns[i] = c
		if err := get(c); (err == nil) != (i < 2) {
			t.Errorf("connection %d: %v", i, err)
		}
	}
	conns[0].Close()
	conns[2].SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := conns[2].Read(make([]byte, 1)); err != nil {
		t.Errorf("the third, after the first has left: %v", err)
	}
}
