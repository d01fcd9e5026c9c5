package serve

import (
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
)

// budget bounds the bytes of request bodies that are held at once.
type budget struct {
	mu         sync.Mutex
	used, most int
}

func (b *budget) take(n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used+n > b.most {
		return false
	}
	b.used += n
	return true
}

func (b *budget) give(n int) { b.take(-n) }

// body reads a request's body; done gives its memory back.
func (s *Server) body(w *reply, r *http.Request) (data []byte, done func(), err error) {
	most := s.limits.BodyBytes
	if r.ContentLength > int64(most) {
		return nil, nil, tooLarge.problem("a request may take " + strconv.Itoa(most) + " bytes")
	}
	in := http.MaxBytesReader(w.ResponseWriter, r.Body, int64(most))
	buf, _ := s.bodies.Get().(*[]byte)
	held := 0
	done = func() {
		s.bodyBytes.give(held)
		if cap(*buf) <= 1<<20 {
			s.bodies.Put(buf)
		}
	}
	for data = (*buf)[:0]; ; {
		if len(data) == cap(data) {
			data = slices.Grow(data, max(4<<10, min(cap(data), most)))
		}
		if need := cap(data) - held; need > 0 {
			if !s.bodyBytes.take(need) {
				done()
				return nil, nil, overloaded.problem("too many large requests are being read; try again in a moment")
			}
			held += need
		}
		n, err := in.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		*buf = data
		if err == io.EOF {
			return data, done, nil
		}
		if err != nil {
			done()
			return nil, nil, bodyProblem(err, most)
		}
	}
}

func bodyProblem(err error, most int) *problem {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return tooLarge.problem("a request may take " + strconv.Itoa(most) + " bytes")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return tooSlow.problem("the whole request must arrive within the server's read timeout")
	}
	return unreadable.problem("the body ended early or its framing is broken")
}
