package parquet

import (
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v17/parquet/compress"
)

// onePage writes a data page as it stands in a file: header, then body.
func onePage(unpacked, packed, crc int32, hasCRC bool, values int32, body []byte) []byte {
	field := func(b []byte, head byte, v int32) []byte {
		return binary.AppendUvarint(append(b, head), uint64(uint32(v<<1^v>>31)))
	}
	b := field(nil, 0x15, 0)     // 1: data page
	b = field(b, 0x15, unpacked) // 2
	b = field(b, 0x15, packed)   // 3
	if hasCRC {
		b = append(field(b, 0x15, crc), 0x1c) // 4, then 5: a structure
	} else {
		b = append(b, 0x2c) // 5: a structure
	}
	b = append(field(b, 0x15, values), 0, 0) // its 1, its end, the end
	return append(b, body...)
}

// A page is refused when its checksum, its sizes or its values do not agree
// with what lies there.
func TestPages(t *testing.T) {
	body := []byte("ten bytes!")
	sum := int32(crc32.ChecksumIEEE(body))
	const wrong = `x.parquet: column "c": the file is damaged: copy or write it again`
	for _, c := range []struct {
		name string
		page []byte
		want string
	}{
		{"good", onePage(10, 10, sum, true, 3, body), ""},
		{"no checksum", onePage(10, 10, 0, false, 3, body), ""},
		{"other checksum", onePage(10, 10, sum^1, true, 3, body), `x.parquet: column "c": a page does not match its checksum: the file is damaged: copy or write it again`},
		{"other body", onePage(10, 10, sum, true, 3, []byte("ten bytes?")), `x.parquet: column "c": a page does not match its checksum: the file is damaged: copy or write it again`},
		{"longer than the chunk", onePage(11, 11, sum, true, 3, body), wrong},
		{"unpacks to another size", onePage(9, 10, sum, true, 3, body), wrong},
		{"negative size", onePage(10, -10, sum, true, 3, body), wrong},
		{"too large", onePage(1<<30, 10, sum, true, 3, body), `x.parquet: column "c": a page unpacks to more than 256 MiB: write the file with smaller pages`},
		{"fewer values", onePage(10, 10, sum, true, 2, body), wrong},
		{"more values", onePage(10, 10, sum, true, 4, body), wrong},
		{"no header", []byte("\xff\xff\xff\xff"), "x.parquet: the file is damaged: copy or write it again"},
	} {
		path := filepath.Join(t.TempDir(), "x.parquet")
		if err := os.WriteFile(path, c.page, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		o := &opened{File: f, size: int64(len(c.page)), name: "x.parquet"}
		err = o.guard(func() error {
			_, err := o.checkChunk("c", 0, o.size, 3, compress.Codecs.Uncompressed)
			return err
		})
		if got := ""; err != nil && err.Error() != c.want || err == nil && got != c.want {
			t.Errorf("%s: %v, not %s", c.name, err, c.want)
		}
		o.close()
	}
}

// A packed page that unpacks to more than it says is not unpacked further.
func TestBomb(t *testing.T) {
	zeros := make([]byte, 8<<20)
	for _, codec := range []compress.Compression{compress.Codecs.Snappy, compress.Codecs.Zstd} {
		c, err := compress.GetCodec(codec)
		if err != nil {
			t.Fatal(err)
		}
		b := c.Encode(nil, zeros)
		o := &opened{}
		if !o.fits(codec, b, 8<<20) || o.fits(codec, b, 8<<20-1) || o.fits(codec, b, 8<<20+1) || o.fits(codec, b[:len(b)/2], 8<<20) && codec == compress.Codecs.Zstd {
			t.Errorf("%v: the size of a packed page was not seen", codec)
		}
		if codec == compress.Codecs.Zstd && o.fits(codec, append(b, b...), 8<<20) {
			t.Error("two frames were taken for one")
		}
	}
}
