package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// A bundle file is
//
//	"leadcast"          8 bytes
//	format              uint32, little endian
//	manifest length     uint32
//	manifest SHA-256    32 bytes
//	manifest            JSON
//	sections            one after the other, as the manifest lists them
//
// and nothing after the last section. Every byte is covered by a check: the
// head by comparison, the manifest by the hash in the head, each section by
// the length and hash in the manifest.
const (
	magic       = "leadcast"
	headLength  = len(magic) + 4 + 4 + sha256.Size
	maxManifest = 16 << 20
	maxSection  = 2 << 30
)

// Format is the version of the file format that this program writes.
const Format = 1

// ErrNotBundle says that a file is something else.
var ErrNotBundle = errors.New("bundle: not a Leadcast bundle; `leadcast train` writes one")

// part is a named section before it is written.
type part struct {
	name string
	data []byte
}

// writeParts writes head, manifest and sections, and returns the id.
func writeParts(w io.Writer, m Manifest, parts []part) (string, error) {
	m.Format = Format
	m.Sections = nil
	for _, p := range parts {
		m.Sections = append(m.Sections, section(p.name, p.data))
	}
	manifest, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("bundle: manifest: %w", err)
	}
	sum := sha256.Sum256(manifest)
	head := []byte(magic)
	head = binary.LittleEndian.AppendUint32(head, Format)
	head = binary.LittleEndian.AppendUint32(head, uint32(len(manifest)))
	head = append(head, sum[:]...)
	for _, b := range append([][]byte{head, manifest}, datas(parts)...) {
		if _, err := w.Write(b); err != nil {
			return "", fmt.Errorf("bundle: write: %w", err)
		}
	}
	return hex.EncodeToString(sum[:]), nil
}

func section(name string, data []byte) Section {
	sum := sha256.Sum256(data)
	return Section{Name: name, Length: int64(len(data)), SHA256: hex.EncodeToString(sum[:])}
}

func datas(parts []part) [][]byte {
	all := make([][]byte, len(parts))
	for i, p := range parts {
		all[i] = p.data
	}
	return all
}

// readParts checks every hash and returns the manifest, its id and the
// sections by name. It allocates no more than the file is long.
func readParts(r io.ReaderAt, size int64) (m Manifest, id string, parts map[string][]byte, err error) {
	if size < int64(headLength) {
		return m, "", nil, ErrNotBundle
	}
	head := make([]byte, headLength)
	if _, err := r.ReadAt(head, 0); err != nil {
		return m, "", nil, fmt.Errorf("bundle: read: %w", err)
	}
	if string(head[:len(magic)]) != magic {
		return m, "", nil, ErrNotBundle
	}
	if v := binary.LittleEndian.Uint32(head[8:]); v > Format {
		return m, "", nil, fmt.Errorf("bundle: written in format %d by a newer Leadcast; this one reads up to %d: please update it", v, Format)
	} else if v == 0 {
		return m, "", nil, errors.New("bundle: damaged: format 0 does not exist")
	}
	length := int64(binary.LittleEndian.Uint32(head[12:]))
	if length > maxManifest || length > size-int64(headLength) {
		return m, "", nil, errors.New("bundle: damaged: the manifest is longer than the file")
	}
	manifest := make([]byte, length)
	if _, err := r.ReadAt(manifest, int64(headLength)); err != nil {
		return m, "", nil, fmt.Errorf("bundle: read: %w", err)
	}
	sum := sha256.Sum256(manifest)
	if !bytes.Equal(sum[:], head[16:]) {
		return m, "", nil, errors.New("bundle: damaged: the manifest does not have its hash")
	}
	if err := json.Unmarshal(manifest, &m); err != nil {
		return m, "", nil, fmt.Errorf("bundle: damaged manifest: %w", err)
	}
	parts, err = readSections(r, size, int64(headLength)+length, m.Sections)
	return m, hex.EncodeToString(sum[:]), parts, err
}

func readSections(r io.ReaderAt, size, at int64, sections []Section) (map[string][]byte, error) {
	parts := make(map[string][]byte, len(sections))
	for _, s := range sections {
		if s.Length < 0 || s.Length > maxSection || s.Length > size-at {
			return nil, fmt.Errorf("bundle: damaged: section %q is longer than the file", s.Name)
		}
		data := make([]byte, s.Length)
		if _, err := r.ReadAt(data, at); err != nil && s.Length > 0 {
			return nil, fmt.Errorf("bundle: read section %q: %w", s.Name, err)
		}
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != s.SHA256 {
			return nil, fmt.Errorf("bundle: damaged: section %q does not have its hash", s.Name)
		}
		if _, twice := parts[s.Name]; twice {
			return nil, fmt.Errorf("bundle: damaged: section %q stands twice", s.Name)
		}
		parts[s.Name] = data
		at += s.Length
	}
	if at != size {
		return nil, fmt.Errorf("bundle: damaged: %d bytes after the last section", size-at)
	}
	return parts, nil
}
