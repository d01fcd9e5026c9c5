package datasets

// times tries to read a column as moments; forced says that somebody has said
// so, and half of the cells are then enough.
func (in *inference) times(f *finding, p *profile, forced bool) bool {
	dates, wrong, firstOdd := 0, 0, -1
	layout, at := "", 0 // how dates are written, and where that was first seen
	other, mixed := -1, ""
	for _, l := range p.levels {
		d, ok := dateShape(l.text)
		if !ok {
			if firstOdd < 0 || l.first < firstOdd {
				firstOdd = l.first
			}
			continue
		}
		dates += l.count
		if !d.plausible() {
			wrong += l.count
		}
		switch {
		case layout == "":
			layout, at = d.layout, l.first
		case layout != d.layout && other < 0:
			other, mixed = l.first, d.layout
		}
	}
	if 10*wrong > dates && !forced {
		return false // numbers of parts or people, written like dates
	}
	odd := p.filled - dates
	if dates == 0 && forced {
		return in.counted(f, p)
	}
	if dates == 0 || odd > oddAllowed(p.filled) && (!forced || 2*dates < p.filled) {
		if 2*dates > p.filled {
			f.notes = append(f.notes, p.note("not read as a time: %d of %d cells are none (the first at %s)", odd, p.filled, p.at(firstOdd)))
		}
		return false
	}
	if other >= 0 {
		f.err = p.fail(other, "dates are written in two ways, here like %s and at %s like %s: write them in one way, or read the column as text", written(mixed), p.at(at), written(layout))
		return false
	}
	if layout == layoutDMY {
		if layout, f.err = in.order(f, p, at); f.err != nil {
			return false
		}
	}
	for _, l := range p.levels {
		if d, ok := dateShape(l.text); ok {
			if _, ok := d.micros(layout, in.zone); !ok {
				f.err = p.fail(l.first, "this date or time does not exist: mend it, or leave the cell empty")
				if z := zoneLetters(d.rest); z != "" {
					f.err = p.fail(l.first, "letters such as %s mean different time zones in different places: write the distance from UTC, such as -05:00, or leave them out and name the zone of the column with --zone, such as America/New_York", z)
				}
				return false
			}
		}
	}
	p.asNothing()
	f.field.Kind, f.field.Layout = Time, layout
	if odd > 0 {
		f.notes = append(f.notes, p.note("cells that are no dates, read as missing: %d of %d (the first at %s)", odd, p.filled, p.at(firstOdd)))
	}
	return true
}

func written(layout string) string {
	if layout == layoutDMY {
		return "1/2/2006"
	}
	return layout
}

// order finds out whether the day or the month comes first; first is the row of
// the first date.
func (in *inference) order(f *finding, p *profile, first int) (layout string, err error) {
	dayFirst, monthFirst := -1, -1
	for _, l := range p.levels {
		d, ok := dateShape(l.text)
		if !ok {
			continue
		}
		if d.a > 12 && dayFirst < 0 {
			dayFirst = l.first
		}
		if d.b > 12 && monthFirst < 0 {
			monthFirst = l.first
		}
	}
	switch {
	case dayFirst >= 0 && monthFirst >= 0:
		return "", p.fail(monthFirst, "dates are in two orders: the month first here, the day first at %s", p.at(dayFirst))
	case dayFirst >= 0:
		layout = layoutDMY
	case monthFirst >= 0:
		layout = layoutMDY
	case in.hints.Dates == "dmy":
		return layoutDMY, nil
	case in.hints.Dates == "mdy":
		return layoutMDY, nil
	default:
		return "", p.fail(first, "does 1/2/2006 mean 1 February or January 2? No date in the column tells; say --dates dmy or --dates mdy")
	}
	if h := in.hints.Dates; h == "dmy" && layout == layoutMDY || h == "mdy" && layout == layoutDMY {
		f.notes = append(f.notes, p.note("its dates can only be read as %s, whatever --dates says", layout))
	}
	return layout, nil
}

// counted reads a column that is said to be times and holds integers: days as
// 20060102, else seconds or milliseconds since 1970. What falls into this
// century tells which.
func (in *inference) counted(f *finding, p *profile) bool {
	const from, to = 946684800e6, 4102444800e6 // the years 2000 to 2099
	f.field.Kind, f.field.Layout = Time, layoutISO
	p.asNothing()
	if p.filled == 0 {
		return true
	}
	for _, layout := range []string{layoutCompact, layoutUnix, layoutUnixMilli} {
		odd := 0
		for _, l := range p.levels {
			if at, ok := parseTime(l.text, layout, in.zone); !ok || at < from || at >= to {
				odd += l.count
			}
		}
		if odd > oddAllowed(p.filled) {
			continue
		}
		if f.field.Layout = layout; odd > 0 {
			f.notes = append(f.notes, p.note("cells that are no dates, read as missing: %d of %d", odd, p.filled))
		}
		return true
	}
	return false
}
