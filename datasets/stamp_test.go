package datasets

import (
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"
)

func TestParseTime(t *testing.T) {
	const none = "none"
	tests := []struct {
		text, layout, zone, want string
	}{
		{"2018-01-02", LayoutISO, "", "2018-01-02T00:00:00Z"},
		{"2018/1/2", LayoutISO, "", "2018-01-02T00:00:00Z"},
		{"2018-01-02 15:04", LayoutISO, "", "2018-01-02T15:04:00Z"},
		{"2021-01-07 6:49:18", LayoutISO, "", "2021-01-07T06:49:18Z"},
		{"2018-01-02T15:04:05.123456789Z", LayoutISO, "", "2018-01-02T15:04:05.123456Z"},
		{"2018-01-02T15:04:05+02:00", LayoutISO, "", "2018-01-02T13:04:05Z"},
		{"2018-01-02T15:04:05.000+0000", LayoutISO, "", "2018-01-02T15:04:05Z"},
		{"2018-01-02 15:04:05 -0330", LayoutISO, "", "2018-01-02T18:34:05Z"},
		{"2018-01-02 15:04:05+00", LayoutISO, "", "2018-01-02T15:04:05Z"},
		{"2018-01-02 15:04:05 UTC", LayoutISO, "", "2018-01-02T15:04:05Z"},
		{"2018-01-02 15:04:05 EST", LayoutISO, "", none},
		{"2018-01-02 15:04:05+99:00", LayoutISO, "", none},
		{"1/2/2018", LayoutDMY, "", "2018-02-01T00:00:00Z"},
		{"1/2/2018", LayoutMDY, "", "2018-01-02T00:00:00Z"},
		{"1/2/2018", LayoutISO, "", none},
		{"01.02.2018 10:30", LayoutDMY, "", "2018-02-01T10:30:00Z"},
		{"04-09-2012", LayoutDMY, "", "2012-09-04T00:00:00Z"},
		{"1/2/69", LayoutDMY, "", "1969-02-01T00:00:00Z"},
		{"1/2/68", LayoutDMY, "", "2068-02-01T00:00:00Z"},
		{"1/2/2018, 3:04 PM", LayoutMDY, "", "2018-01-02T15:04:00Z"},
		{"1/2/2018 12:04 AM", LayoutMDY, "", "2018-01-02T00:04:00Z"},
		{"1/2/2018 13:04 PM", LayoutMDY, "", none},
		{"2 Jan 2018", LayoutWords, "", "2018-01-02T00:00:00Z"},
		{"02-Jan-18", LayoutWords, "", "2018-01-02T00:00:00Z"},
		{"January 2, 2018 10:00", LayoutWords, "", "2018-01-02T10:00:00Z"},
		{"Tue, 02 Jan 2018 15:04:05 GMT", LayoutWords, "", "2018-01-02T15:04:05Z"},
		{"Jan-2018", LayoutMonth, "", "2018-01-01T00:00:00Z"},
		{"Sept 2018", LayoutMonth, "", "2018-09-01T00:00:00Z"},
		{"2018-03", LayoutMonth, "", "2018-03-01T00:00:00Z"},
		{"20180102", LayoutCompact, "", "2018-01-02T00:00:00Z"},
		{"20181302", LayoutCompact, "", none},
		{"1514764800", LayoutUnix, "", "2018-01-01T00:00:00Z"},
		{"1514764800123", LayoutUnixMilli, "", "2018-01-01T00:00:00.123Z"},
		{"NaN", LayoutUnix, "", none},
		// Leap days and the ends of the calendar.
		{"2016-02-29", LayoutISO, "", "2016-02-29T00:00:00Z"},
		{"2018-02-29", LayoutISO, "", none},
		{"1900-02-29", LayoutISO, "", none},
		{"2000-02-29", LayoutISO, "", "2000-02-29T00:00:00Z"},
		{"1970-01-01", LayoutISO, "", "1970-01-01T00:00:00Z"},
		{"1957-05-01", LayoutISO, "", "1957-05-01T00:00:00Z"},
		{"9999-12-31 23:59:59.999999", LayoutISO, "", "9999-12-31T23:59:59.999999Z"},
		{"0000-00-00", LayoutISO, "", none},
		{"2018-01-02 24:00", LayoutISO, "", none},
		{"2018-01-02 23:59:60", LayoutISO, "", none},
		// Berlin: clocks skip 02:00–03:00 on 2018-03-25 and repeat it on 2018-10-28.
		{"2018-01-15 12:00", LayoutISO, "Europe/Berlin", "2018-01-15T11:00:00Z"},
		{"2018-07-15 12:00", LayoutISO, "Europe/Berlin", "2018-07-15T10:00:00Z"},
		{"2018-03-25 01:59", LayoutISO, "Europe/Berlin", "2018-03-25T00:59:00Z"},
		{"2018-03-25 02:30", LayoutISO, "Europe/Berlin", "2018-03-25T01:30:00Z"},
		{"2018-03-25 03:00", LayoutISO, "Europe/Berlin", "2018-03-25T01:00:00Z"},
		{"2018-10-28 02:30", LayoutISO, "Europe/Berlin", "2018-10-28T00:30:00Z"},
		{"2018-10-28 03:00", LayoutISO, "Europe/Berlin", "2018-10-28T02:00:00Z"},
		{"2018-03-25 02:30Z", LayoutISO, "Europe/Berlin", "2018-03-25T02:30:00Z"},
		// New York is behind UTC; Samoa left out 2011-12-30 altogether.
		{"2018-03-11 02:30", LayoutISO, "America/New_York", "2018-03-11T07:30:00Z"},
		{"2018-11-04 01:30", LayoutISO, "America/New_York", "2018-11-04T05:30:00Z"},
		{"2011-12-31 00:00", LayoutISO, "Pacific/Apia", "2011-12-30T10:00:00Z"},
		// Not dates.
		{"1.2.30", LayoutDMY, "", none}, {"10.12.13.14", LayoutDMY, "", none}, {"10/49", LayoutDMY, "", none}, {"1000-5000", LayoutISO, "", none},
		{"1-2-3", LayoutDMY, "", none}, {"May", LayoutMonth, "", none}, {"Marketing 2018", LayoutMonth, "", none}, {"2018", LayoutISO, "", none}, {"Monday", LayoutWords, "", none},
	}
	for _, tt := range tests {
		zone, err := loadZone(tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		got := none
		if at, ok := parseTime(tt.text, tt.layout, zone); ok {
			got = FormatTime(at)
		}
		if got != tt.want {
			t.Errorf("%q as %s in %q is %s, want %s", tt.text, tt.layout, tt.zone, got, tt.want)
		}
	}
}

// Every moment that a clock shows is read back as itself, but for the hour
// that a change of clocks repeats, of which the first is meant.
func TestTimesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone, err := loadZone(rapid.SampledFrom([]string{"", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"}).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		at := rapid.Int64Range(0, 253402207200).Draw(t, "seconds")*1e6 + rapid.Int64Range(0, 999999).Draw(t, "micros")
		format := rapid.SampledFrom([]string{"2006-01-02 15:04:05.999999", "2/1/2006 15:04:05.999999", "2 Jan 2006 15:04:05.999999"}).Draw(t, "format")
		shown := time.UnixMicro(at).In(zone).Format(format)
		got, ok := parseTime(shown, LayoutDMY, zone)
		if !ok || time.UnixMicro(got).In(zone).Format(format) != shown || got > at {
			t.Fatalf("%s is read as %s, %v", shown, FormatTime(got), ok)
		}
	})
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"2018-01-02T15:04:05.123Z", "1/2/2018, 3:04 PM", "Tue, 02 Jan 2018 15:04:05 GMT", "Jan-2018", "31.12.99", "20180102", "1514764800"} {
		f.Add(s, uint8(0))
	}
	berlin, err := loadZone("Europe/Berlin")
	if err != nil {
		f.Fatal(err)
	}
	layouts := []string{LayoutISO, LayoutDMY, LayoutMDY, LayoutWords, LayoutMonth, LayoutCompact, LayoutUnix, LayoutUnixMilli, ""}
	f.Fuzz(func(t *testing.T, s string, layout uint8) {
		at, ok := parseTime(s, layouts[int(layout)%len(layouts)], berlin)
		if !ok {
			return
		}
		again, ok := parseTime(FormatTime(at), LayoutISO, berlin)
		if year := time.UnixMicro(at).UTC().Year(); year >= 1000 && year <= 9999 && (!ok || again != at) {
			t.Fatalf("%q read as %s, which reads as %s", s, FormatTime(at), FormatTime(again))
		}
	})
}
