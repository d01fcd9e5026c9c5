package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/leadcast/leadcast/serve"
)

// serving is the flags of `leadcast serve`.
type serving struct {
	input
	addr, keyFile, leads, asOf string
	quiet                      bool
}

func (p *program) serveCommand() *cobra.Command {
	var s serving
	c := &cobra.Command{
		Use:   "serve MODEL",
		Short: "Answer forecasts over HTTP, with a page of the open leads",
		Long: "Serves POST /v1/score, GET /v1/model, /docs, /metrics and pages: at / the open leads of\n" +
			"--leads with the most promising first, each with a page of its own, and at /model what\n" +
			"the model is. Answers this machine only unless --api-key-file holds keys (a line each:\n" +
			"the SHA-256 of the key in hexadecimal). Ctrl-C stops it when the requests in flight are\n" +
			"answered.",
		Example: "  leadcast serve model.leadcast --addr 127.0.0.1:8080\n" +
			"  leadcast serve model.leadcast --leads leads.csv --as-of 2018-05-31",
		Args: exactly(1, "one model"),
		RunE: func(c *cobra.Command, args []string) error { return p.serve(c.Context(), &s, args[0]) },
	}
	f := c.Flags()
	f.StringVar(&s.addr, "addr", "127.0.0.1:8080", "address to listen on")
	f.StringVar(&s.leads, "leads", "", "file whose open leads the page shows")
	f.StringVar(&s.asOf, "as-of", "", "day from which the page looks (default: now)")
	f.StringVar(&s.keyFile, "api-key-file", "", "file with hashes of the keys that are let in")
	f.BoolVar(&s.quiet, "quiet", false, "no log line a request")
	s.input.flags(c)
	further(c, "addr", "leads", "as-of", "api-key-file", "quiet", "help")
	return c
}

func (p *program) serve(ctx context.Context, s *serving, model string) error {
	o := serve.Options{Now: p.now}
	var err error
	if s.keyFile != "" {
		f, err := os.Open(s.keyFile)
		if err != nil {
			return err
		}
		defer f.Close()
		if o.Keys, err = serve.ReadKeys(f); err != nil {
			return usagef("%s: %v", s.keyFile, asUsage(err))
		}
	}
	if err := serve.CheckAddr(s.addr, len(o.Keys) > 0); err != nil {
		return asUsage(err)
	}
	b, err := openBundle(model)
	if err != nil {
		return err
	}
	o.Model, o.Manifest = b, b.Manifest
	o.Report, o.Reach, o.Outputs = b.Report, b.Reach(), b.Outputs()
	if !s.quiet {
		o.Log = slog.New(slog.NewTextHandler(p.stderr, nil))
	}
	if s.leads != "" {
		raw, _, err := s.read(ctx, p, []string{s.leads})
		if err != nil {
			return err
		}
		if o.Leads, err = openLeads(b, raw); err != nil {
			return err
		}
		if s.asOf != "" {
			if o.LeadsAsOf, err = moment("as-of", s.asOf); err != nil {
				return err
			}
		}
	}
	server, err := serve.New(o)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		return cannotListen(s.addr, err)
	}
	if p.json {
		err = p.printJSON(map[string]any{"address": "http://" + l.Addr().String(), "model": b.ID()})
	} else {
		_, err = fmt.Fprintf(p.stdout, "serving http://%s (model %s); Ctrl-C stops\n", l.Addr(), b.ID()[:12])
	}
	if err != nil {
		return err
	}
	return server.Run(ctx, l)
}

func cannotListen(addr string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return usagef("%s is in use by another program: choose another with --addr", addr)
	case errors.Is(err, syscall.EACCES):
		return usagef("%s may not be listened on by this user: choose a port from 1024 with --addr", addr)
	}
	return usagef("cannot listen on %s: %v", addr, err)
}
