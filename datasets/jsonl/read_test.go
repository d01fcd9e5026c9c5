package jsonl_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"github.com/leadcast/leadcast/datasets"
	"github.com/leadcast/leadcast/datasets/jsonl"
)

func ExampleOpen() {
	lines := `{"lead_id": "a1", "employees": 12, "interests": ["api", "audit"]}
{"lead_id": "a2", "employees": null, "subscribed": true}`
	source, err := jsonl.Open([]string{"-"}, strings.NewReader(lines))
	if err != nil {
		fmt.Println(err)
		return
	}
	leads, err := datasets.ReadAll(context.Background(), source, "leads")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range leads.Columns {
		fmt.Printf("%s: %q %q\n", c.Name, c.Texts.At(0), c.Texts.At(1))
	}
	// Output:
	// lead_id: "a1" "a2"
	// employees: "12" ""
	// interests: "api;audit" ""
	// subscribed: "" "true"
}

// read reads named files of a folder of its own as one table.
func read(t *testing.T, files map[string]string) (*datasets.Table, error) {
	t.Helper()
	var paths []string
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	slices.Sort(paths)
	source, err := jsonl.Open(paths, nil)
	if err != nil {
		t.Fatal(err)
	}
	return datasets.ReadAll(t.Context(), source, "leads")
}

// shown writes a table as "name=a|b, …".
func shown(table *datasets.Table) string {
	var columns []string
	for _, c := range table.Columns {
		var cells []string
		for i := range table.Rows {
			cells = append(cells, c.Texts.At(i))
		}
		columns = append(columns, c.Name+"="+strings.Join(cells, "|"))
	}
	return strings.Join(columns, ", ")
}

func TestValues(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{`{"a":1}`, "a=1"},
		{`{"a":-1.50e+07,"b":0.10}`, "a=-1.50e+07, b=0.10"}, // as it stands
		{`{"a":123456789012345678901}`, "a=123456789012345678901"},
		{`{"a":true,"b":false,"c":null,"d":""}`, "a=true, b=false, c=, d="},
		{`{"a":"x\ty \u00fc \"q\" \\ \/ \ud83d\ude00"}`, "a=x\ty ü \"q\" \\ / 😀"},
		{`{"a\"b":"}{][,:"}`, `a"b=}{][,:`},
		{` { "a" : [ "x" , 2 , true , null , "" , "y\n" ] , "b" : [ ] } `, "a=x;2;true;y\n, b="},
		{`{}`, ""},
		{"\ufeff{\"a\":1}\r\n\r\n \t\n{\"b\":2}\r\n", "a=1|, b=|2"},
		{"{\"b\":1}\n{}\n{\"a\":2,\"b\":3}\n{\"c\":\"\"}", "b=1||3|, a=||2|, c=|||"},
	} {
		table, err := read(t, map[string]string{"x.jsonl": test.text})
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
		} else if got := shown(table); got != test.want {
			t.Errorf("%s: %q, want %q", test.text, got, test.want)
		}
	}
}

func TestMistakes(t *testing.T) {
	deep := strings.Repeat("[", 20_000)
	for _, test := range []struct{ text, want string }{
		{"", "x.jsonl: holds no leads"},
		{"\n \n", "x.jsonl: holds no leads"},
		{"{\"a\":1}\n\n{\"a\":1", "x.jsonl:3: is not JSON at byte 6"},
		{"{\"a\":01}", "x.jsonl:1: is not JSON at byte 7"},
		{"{\"a\":1} {\"a\":2}", "x.jsonl:1: is not JSON at byte 9"},
		{"{\n\"a\": 1\n}", "x.jsonl:1: is not JSON at byte 1"},
		{"[{\"a\":1}]", "x.jsonl:1: is not a JSON object"},
		{"a,b\n1,2", "x.jsonl:1: is not a JSON object"},
		{"{\"a\":1}\n7", "x.jsonl:2: is not a JSON object"},
		{"{\"a\":" + deep + "}", "x.jsonl:1: is not JSON at byte"},
		{"{\"a\":[[1]]}", `x.jsonl:1: column "a": holds a list of lists`},
		{"{\"a\":1}\n{\"a\":[{}]}", `x.jsonl:2: column "a": holds a list of lists or objects`},
		{"{\"a\":1,\"b\":{\"c\":2}}", `x.jsonl:1: column "b": holds an object`},
		{"{\"a\":1,\"b\":2,\"\\u0061\":3}", `x.jsonl:1: column "a": stands in the object twice`},
		{"{\"\":1}", "x.jsonl:1: has a key without a name"},
		{"{\"a\":\"Anna\xff\"}", "x.jsonl:1: is not UTF-8"},
		{"\xff\xfe{\x00", "x.jsonl:1: is not UTF-8"},
		{"\x1f\x8b rest", "x.jsonl: cannot be unpacked"},
		{"{\"a\":1}\n{\"a\":\"" + strings.Repeat("x", 16<<20) + "\"}", "x.jsonl:2: is longer than 16 MiB"},
	} {
		_, err := read(t, map[string]string{"x.jsonl": test.text})
		var fault *datasets.Error
		if !errors.As(err, &fault) || !strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), "Anna") {
			t.Errorf("%.60q: %v, want %s", test.text, err, test.want)
		}
	}
}

func packed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGzip(t *testing.T) {
	text := strings.Repeat("{\"a\":1}\n{\"a\":2}\n", 2000)
	table, err := read(t, map[string]string{"x.jsonl.gz": packed(t, text)})
	if err != nil || table.Rows != 4000 {
		t.Fatalf("%v, %v", table, err)
	}
	whole := packed(t, text)
	if _, err := read(t, map[string]string{"x.jsonl.gz": whole[:len(whole)-9]}); err == nil || !strings.Contains(err.Error(), "cut short") {
		t.Errorf("cut short: %v", err)
	}
}

// Zstd is found by its first bytes, and so is an object behind what packs it.
func TestPacked(t *testing.T) {
	text := strings.Repeat("{\"a\":1}\n{\"a\":2}\n", 2000)
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	whole := string(z.EncodeAll([]byte(text), nil))
	table, err := read(t, map[string]string{"x.jsonl.zst": whole})
	if err != nil || table.Rows != 4000 {
		t.Fatalf("%v, %v", table, err)
	}
	if _, err := read(t, map[string]string{"x.jsonl.zst": whole[:len(whole)-9]}); err == nil || !strings.Contains(err.Error(), "cut short") {
		t.Errorf("cut short: %v", err)
	}
	for text, want := range map[string]bool{
		"\ufeff\n {\"a\":1}": true, whole: true, packed(t, text): true, packed(t, "a,b\n1,2\n"): false, "": false, "a,{\n": false, "\x1f\x8b": false, "[{\"a\":1}]": false,
	} {
		in := bufio.NewReader(strings.NewReader(text))
		if got := jsonl.Starts(in); got != want {
			t.Errorf("%.20q: %v", text, got)
		}
		if rest, _ := io.ReadAll(in); string(rest) != text {
			t.Errorf("%.20q: something was taken off", text)
		}
	}
}

// Files are searched for keys before they are read; blocks have the same
// columns and know where their rows stood.
func TestManyFiles(t *testing.T) {
	const first = 1<<16 + 10
	table, err := read(t, map[string]string{"a.jsonl": strings.Repeat("{\"a\":1}\n", first), "b.ndjson": "\n{\"b\":2,\"a\":3}"})
	if err != nil {
		t.Fatal(err)
	}
	b := table.Column("b")
	if table.Rows != first+1 || !slices.Equal(table.Names(), []string{"a", "b"}) || !b.Missing(0) || b.Texts.At(first) != "2" {
		t.Errorf("%d rows of %v", table.Rows, table.Names())
	}
	for row, want := range map[int]string{0: "a.jsonl:1", first - 1: fmt.Sprint("a.jsonl:", first), first: "b.ndjson:2"} {
		if got := table.At(row); got != want {
			t.Errorf("row %d stood at %s, want %s", row, got, want)
		}
	}
}

// What can be read only once has the keys of its first block.
func TestLateKey(t *testing.T) {
	lines := strings.Repeat("{\"a\":1}\n", 1<<16)
	for text, want := range map[string]string{
		"{\"a\":1}\n{\"b\":2}\n":      "",
		lines + "{\"a\":1,\"b\":2}\n": `stdin:65537: column "b": is a key that the first lines lack`,
	} {
		source, err := jsonl.Open([]string{"-"}, strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		_, err = datasets.ReadAll(t.Context(), source, "leads")
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.jsonl", "a.jsonl"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{\"file\":\""+name+"\"}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	source, err := jsonl.Open([]string{filepath.Join(dir, "*.jsonl")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if table, err := datasets.ReadAll(t.Context(), source, "leads"); err != nil || shown(table) != "file=a.jsonl|b.jsonl" {
		t.Errorf("%v, %v", table, err)
	}
	for _, path := range []string{filepath.Join(dir, "c.jsonl"), filepath.Join(dir, "*.ndjson"), "[", "-"} {
		if _, err := jsonl.Open([]string{path}, nil); err == nil {
			t.Errorf("%s: no error", path)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := datasets.ReadAll(ctx, source, "leads"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	for range source.Blocks(t.Context()) {
		break // a caller may stop at any block
	}
}

// A table that was written reads back as it was.
func TestWrittenReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.String(), 1, 6).Draw(t, "words")
		var b bytes.Buffer
		w := jsonl.NewWriter(&b)
		err := w.Write(&datasets.Table{Rows: len(words), Columns: []*datasets.Column{{Name: rapid.StringN(1, 5, -1).Draw(t, "name"), Texts: datasets.MakeStrings(words...)}}})
		if err != nil || w.Close() != nil {
			t.Fatal(err)
		}
		source, err := jsonl.Open([]string{"-"}, &b)
		if err != nil {
			t.Fatal(err)
		}
		table, err := datasets.ReadAll(context.Background(), source, "leads")
		if err != nil {
			t.Fatal(err)
		}
		for i, word := range words {
			if got := table.Columns[0].Texts.At(i); got != word {
				t.Fatalf("%q came back as %q", word, got)
			}
		}
	})
}

// Whatever is read as a table is what encoding/json reads of it; whatever is
// not is an error that names the place.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, "{\"a\":[1,\"x\"]}\n{\"b\":null}", `{"a":"\u00e4\\"}`, `{"a":{}}`, "[]", "{\"a\":1,\"a\":2}", "\x1f\x8b", `{"a":[[]]}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		source, err := jsonl.Open([]string{"-"}, strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		table, err := datasets.ReadAll(context.Background(), source, "leads")
		if err != nil {
			var fault *datasets.Error
			if !errors.As(err, &fault) || !strings.HasPrefix(fault.Place, "stdin") {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		if strings.HasPrefix(text, "\x1f\x8b") {
			return
		}
		row := 0
		for _, line := range strings.Split(text, "\n") {
			if line = strings.Trim(strings.TrimPrefix(line, "\ufeff"), " \t\r"); line == "" {
				continue
			}
			var want map[string]any
			d := json.NewDecoder(strings.NewReader(line))
			d.UseNumber()
			if err := d.Decode(&want); err != nil {
				t.Fatalf("%q was taken: %v", line, err)
			}
			for key, v := range want {
				if _, list := v.([]any); list {
					continue
				}
				if v == nil {
					v = ""
				}
				if got := table.Column(key).Texts.At(row); got != fmt.Sprint(v) {
					t.Fatalf("%q: %q came back as %q", line, v, got)
				}
			}
			row++
		}
		if row != table.Rows {
			t.Fatalf("%d rows of %d lines", table.Rows, row)
		}
	})
}
