package report

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/leadcast/leadcast/audit"
	"github.com/leadcast/leadcast/train"
)

// auditPage is the page of the audit of a company whose values are hostile.
var auditPage = sync.OnceValue(func() string {
	raw := history(1500, 3)
	p, err := train.Propose(raw, "")
	if err != nil {
		panic(err)
	}
	a, err := audit.New(audit.Input{Leads: raw, Proposal: p})
	if err != nil {
		panic(err)
	}
	var page bytes.Buffer
	a.Settings = "outcome: status # " + script
	if err := WriteAudit(&page, a, "1.2"); err != nil {
		panic(err)
	}
	return page.String()
})

const auditSections = 11

func TestAuditPage(t *testing.T) {
	page := auditPage()
	for _, never := range []string{"<script", "<img", "<b on", "\a", "\x1b", "\u202e", "http://", "https://", "ZgotmplZ", "Dustin", "@"} {
		if strings.Contains(strings.ReplaceAll(strings.ReplaceAll(page, "@media", ""), "http://www.w3.org", ""), never) {
			t.Errorf("%q stands in the page", never)
		}
	}
	if n := len(regexp.MustCompile(`<section id=`).FindAllString(page, -1)); n != auditSections {
		t.Errorf("%d sections", n)
	}
	for _, id := range regexp.MustCompile(`href="#([a-z]+)"`).FindAllStringSubmatch(page, -1) {
		if !strings.Contains(page, `<section id="`+id[1]+`"`) {
			t.Errorf("there is no section %s", id[1])
		}
	}
	for _, want := range []string{"Leadcast 1.2", "outcome: status", "e-mail addresses", `style="width:100.0%"`} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing", want)
		}
	}
}
