package serve

import (
	"bufio"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
)

// CheckAddr reports an address that may not be listened on: without keys the
// server answers to this machine only, because whoever reaches it can read leads.
func CheckAddr(addr string, hasKeys bool) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("serve: address %q is not host:port, such as 127.0.0.1:8080", addr)
	}
	if hasKeys || isLoopback(host) {
		return nil
	}
	return fmt.Errorf("serve: %q can be reached from other machines: give --api-key-file with the SHA-256 of at least one key, or listen on 127.0.0.1", addr)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// KeyHash is the SHA-256 of an API key.
type KeyHash [sha256.Size]byte

// ReadKeys reads a key file: on each line the SHA-256 of one key in
// hexadecimal, with an optional comment after it; lines that begin with # are
// comments. Errors name the line. A key is 32 random bytes written as text,
// such as `openssl rand -hex 32` prints.
func ReadKeys(r io.Reader) ([]KeyHash, error) {
	var keys []KeyHash
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		hash, err := hex.DecodeString(words[0])
		if err != nil || len(hash) != sha256.Size {
			return nil, fmt.Errorf("serve: key file line %d: the first word must be a SHA-256 in 64 hexadecimal digits (printf %%s \"$KEY\" | sha256sum)", n)
		}
		keys = append(keys, KeyHash(hash))
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("serve: key file: %w", err)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("serve: the key file holds no key")
	}
	return keys, nil
}

// allowed reports whether a request carries a valid key: as a bearer token, or
// as the password that a browser asks for.
func (s *Server) allowed(r *http.Request) bool {
	if len(s.keys) == 0 {
		return true
	}
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		_, key, _ = r.BasicAuth()
	}
	hash := sha256.Sum256([]byte(strings.TrimSpace(key)))
	found := 0
	for i := range s.keys { // all of them, so that time tells nothing
		found |= subtle.ConstantTimeCompare(hash[:], s.keys[i][:])
	}
	return found == 1
}

// hostAllowed guards a server without keys against pages of other sites whose
// name has been pointed at this machine (DNS rebinding).
func (s *Server) hostAllowed(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return len(s.keys) > 0 || isLoopback(host)
}

// limitedListener accepts at most so many connections at once; the rest wait
// in the operating system's queue.
type limitedListener struct {
	net.Listener
	slots chan struct{}
	done  chan struct{}
	once  sync.Once
}

func limitListener(l net.Listener, most int) net.Listener {
	return &limitedListener{Listener: l, slots: make(chan struct{}, most), done: make(chan struct{})}
}

func (l *limitedListener) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.done:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &limitedConn{Conn: c, leave: sync.OnceFunc(func() { <-l.slots })}, nil
}

func (l *limitedListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Listener.Close()
}

type limitedConn struct {
	net.Conn
	leave func()
}

func (c *limitedConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// silentConns are the connections that have not sent anything yet. Shutdown
// would wait seconds for them; browsers open some to spare.
type silentConns struct {
	mu    sync.Mutex
	conns map[net.Conn]bool
}

func (s *silentConns) watch(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state != http.StateNew {
		delete(s.conns, c)
		return
	}
	if s.conns == nil {
		s.conns = map[net.Conn]bool{}
	}
	s.conns[c] = true
}

func (s *silentConns) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.Close()
	}
}
