package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/klauspost/compress/zstd"
)

// checkFooter reads the footer for sizes that cannot be and for columns that
// are not flat, before the full decoder allocates by it.
func (o *opened) checkFooter() error {
	var head [4]byte
	var tail [8]byte
	if o.size < 12 {
		return o.fail("", "is too short for a Parquet file")
	}
	if _, err := o.ReadAt(head[:], 0); err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	if _, err := o.ReadAt(tail[:], o.size-8); err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	switch {
	case string(head[:]) == "PARE" || string(tail[4:]) == "PARE":
		return o.fail("", "is encrypted: write it without encryption")
	case string(head[:]) != "PAR1":
		return o.fail("", "is not a Parquet file")
	case string(tail[4:]) != "PAR1":
		return o.fail("", "is cut off: a Parquet file ends with its table of contents; copy or write it again")
	}
	n := int64(binary.LittleEndian.Uint32(tail[:4]))
	if n > o.size-12 || n > maxFooter {
		return o.fail("", damaged)
	}
	b := make([]byte, n)
	if _, err := o.ReadAt(b, o.size-8-n); err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	return o.walkFooter(&wire{b})
}

// walkFooter checks FileMetaData: 2 schema, 3 num_rows, 4 row groups.
func (o *opened) walkFooter(w *wire) (err error) {
	w.fields(0, func(id int, typ byte) bool {
		switch {
		case id == 2 && typ == wireList:
			n, _ := w.list()
			if n > maxColumns+1 {
				err = o.fail("", "has more than 10,000 columns: is this a table with one lead a row?")
			}
			for i := range n {
				if e := o.walkColumn(w, i == 0, n); err == nil {
					err = e
				}
			}
			return true
		case id == 3 && typ == wireI64:
			if rows := w.int(); rows < 0 || rows > rowsPerByte*o.size {
				err = o.fail("", damaged)
			}
			return true
		}
		return false
	})
	return err
}

// walkColumn checks a SchemaElement: 3 repetition, 4 name, 5 children.
func (o *opened) walkColumn(w *wire, root bool, elements int) error {
	var repetition, children int64
	var name string
	w.fields(1, func(id int, typ byte) bool {
		switch {
		case id == 3 && typ == wireI32:
			repetition = w.int()
		case id == 4 && typ == wireBinary:
			name = string(w.bytes())
		case id == 5 && typ == wireI32:
			children = w.int()
		default:
			return false
		}
		return true
	})
	switch {
	case root && children != int64(elements-1) || children < 0:
		if root && children > 0 && children < int64(elements) {
			return nil // some column is nested; its own element says which
		}
		return o.fail("", damaged)
	case !root && (children > 0 || repetition == 2):
		return o.fail(name, "holds lists or structures: write one plain value a row, or leave the column out")
	}
	return nil
}

// page is what a PageHeader declares.
type page struct {
	kind             int64 // 0 data, 1 index, 2 dictionary, 3 data v2
	unpacked, packed int64
	crc              int64
	hasCRC           bool
	values, levels   int64
	plain            bool // v2: not compressed
	header           int  // bytes of the header itself
}

// pageHeader reads a PageHeader: 1 type, 2 and 3 sizes, 4 CRC-32 of the packed
// page, 5 data page, 7 dictionary page, 8 data page v2.
func pageHeader(b []byte) page {
	w, p := &wire{b}, page{}
	w.fields(0, func(id int, typ byte) bool {
		if typ == wireStruct && (id == 5 || id == 7 || id == 8) {
			w.fields(1, func(sub int, typ byte) bool {
				switch {
				case sub == 1 && typ == wireI32:
					p.values = w.int()
				case id == 8 && (sub == 5 || sub == 6) && typ == wireI32:
					n := w.int()
					p.levels += n
					if n < 0 {
						panic(errWire)
					}
				case id == 8 && sub == 7:
					p.plain = typ == wireFalse
				default:
					return false
				}
				return true
			})
			return true
		}
		if id < 1 || id > 4 || typ != wireI32 {
			return false
		}
		v := w.int()
		switch id {
		case 1:
			p.kind = v
		case 2:
			p.unpacked = v
		case 3:
			p.packed = v
		case 4:
			p.crc, p.hasCRC = v, true
		}
		return true
	})
	p.header = len(b) - len(w.b)
	return p
}

// checkPages looks at every page of a row group.
func (o *opened) checkPages(g int) error {
	group := o.reader.MetaData().RowGroup(g)
	rows, room := group.NumRows(), int64(0)
	if rows < 0 || rows > o.reader.NumRows()-int64(o.rows) || group.NumColumns() != len(o.fields) {
		return o.fail("", damaged)
	}
	for _, f := range o.fields {
		chunk, err := group.ColumnChunk(f.index)
		if err != nil {
			return o.fail(f.name, damaged)
		}
		start, n := chunk.DataPageOffset(), chunk.TotalCompressedSize()
		if d := chunk.DictionaryPageOffset(); chunk.HasDictionaryPage() && d > 0 && d < start {
			start = d
		}
		if start < 4 || n < 0 || start > o.size || n > o.size-start || chunk.NumValues() != rows {
			return o.fail(f.name, damaged)
		}
		switch chunk.Compression() {
		case compress.Codecs.Uncompressed, compress.Codecs.Snappy, compress.Codecs.Gzip, compress.Codecs.Zstd:
		default:
			return o.fail(f.name, "is packed with %s: write it with zstd, snappy or gzip", chunk.Compression())
		}
		largest, err := o.checkChunk(f.name, start, n, rows, chunk.Compression())
		if err != nil {
			return err
		}
		if room += largest; room > maxPages {
			return o.fail("", "its pages unpack to more than 1 GiB at a time: write it with smaller row groups or pages")
		}
	}
	return nil
}

// checkChunk walks the pages of one column in a row group and gives the room
// that its dictionary and its largest page take.
func (o *opened) checkChunk(column string, at, n, rows int64, codec compress.Compression) (int64, error) {
	if n > maxPage {
		return 0, o.fail(column, "more than 256 MiB in one row group: write the file with smaller row groups")
	}
	b := make([]byte, n)
	if _, err := o.ReadAt(b, at); err != nil {
		return 0, fmt.Errorf("parquet: %w", err)
	}
	var dictionary, largest, values int64
	for len(b) > 0 && values < rows {
		p := pageHeader(b)
		b = b[p.header:]
		if p.packed < 0 || p.unpacked < 0 || p.values < 0 || p.packed > int64(len(b)) || p.levels > min(p.packed, p.unpacked) {
			return 0, o.fail(column, damaged)
		}
		if p.unpacked > maxPage {
			return 0, o.fail(column, "a page unpacks to more than 256 MiB: write the file with smaller pages")
		}
		body := b[:p.packed]
		b = b[p.packed:]
		if p.hasCRC && crc32.ChecksumIEEE(body) != uint32(p.crc) {
			return 0, o.fail(column, "a page does not match its checksum: %s", damaged)
		}
		if !p.plain && !o.fits(codec, body[p.levels:], p.unpacked-p.levels) {
			return 0, o.fail(column, damaged)
		}
		switch p.kind {
		case 0, 3:
			values += p.values
			largest = max(largest, p.unpacked)
		case 2:
			if p.values > p.unpacked {
				return 0, o.fail(column, damaged)
			}
			dictionary = p.unpacked + 24*p.values
		default:
			return 0, o.fail(column, damaged)
		}
	}
	if values != rows {
		return 0, o.fail(column, damaged)
	}
	return dictionary + largest, nil
}

// fits reports whether packed data unpack to n bytes, as far as it takes to be
// sure that the decoder, which believes the data, asks for no more.
func (o *opened) fits(codec compress.Compression, b []byte, n int64) bool {
	switch codec {
	case compress.Codecs.Snappy:
		declared, size := binary.Uvarint(b)
		return size > 0 && declared == uint64(n)
	case compress.Codecs.Zstd:
		if o.unpack == nil {
			o.unpack, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(maxPage), zstd.WithDecoderMaxWindow(32<<20)) // these options cannot fail
		}
		if o.unpack.Reset(bytes.NewReader(b)) != nil {
			return false
		}
		got, err := io.Copy(io.Discard, io.LimitReader(o.unpack, n+1))
		return err == nil && got == n
	case compress.Codecs.Gzip: // the decoder stops at n itself
		return true
	}
	return codec == compress.Codecs.Uncompressed && int64(len(b)) == n
}
