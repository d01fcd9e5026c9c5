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
		{"2018-01-02", layoutISO, "", "2018-01-02T00:00:00Z"},
		{"2018/1/2", layoutISO, "", "2018-01-02T00:00:00Z"},
		{"2018-01-02 15:04", layoutISO, "", "2018-01-02T15:04:00Z"},
		{"2021-01-07 6:49:18", layoutISO, "", "2021-01-07T06:49:18Z"},
		{"2018-01-02T15:04:05.123456789Z", layoutISO, "", "2018-01-02T15:04:05.123456Z"},
		{"2018-01-02T15:04:05+02:00", layoutISO, "", "2018-01-02T13:04:05Z"},
		{"2018-01-02T15:04:05.000+0000", layoutISO, "", "2018-01-02T15:04:05Z"},
		{"2018-01-02 15:04:05 -0330", layoutISO, "", "2018-01-02T18:34:05Z"},
		{"2018-01-02 15:04:05+00", layoutISO, "", "2018-01-02T15:04:05Z"},
		{"2018-01-02 15:04:05 UTC", layoutISO, "", "2018-01-02T15:04:05Z"},
		{"2018-01-02 15:04:05 EST", layoutISO, "", none},
		{"2018-01-02 15:04:05+99:00", layoutISO, "", none},
		{"1/2/2018", layoutDMY, "", "2018-02-01T00:00:00Z"},
		{"1/2/2018", layoutMDY, "", "2018-01-02T00:00:00Z"},
		{"1/2/2018", layoutISO, "", none},
		{"01.02.2018 10:30", layoutDMY, "", "2018-02-01T10:30:00Z"},
		{"04-09-2012", layoutDMY, "", "2012-09-04T00:00:00Z"},
		{"1/2/69", layoutDMY, "", "1969-02-01T00:00:00Z"},
		{"1/2/68", layoutDMY, "", "2068-02-01T00:00:00Z"},
		{"1/2/2018, 3:04 PM", layoutMDY, "", "2018-01-02T15:04:00Z"},
		{"1/2/2018 12:04 AM", layoutMDY, "", "2018-01-02T00:04:00Z"},
		{"1/2/2018 13:04 PM", layoutMDY, "", none},
		{"2 Jan 2018", layoutWords, "", "2018-01-02T00:00:00Z"},
		{"02-Jan-18", layoutWords, "", "2018-01-02T00:00:00Z"},
		{"January 2, 2018 10:00", layoutWords, "", "2018-01-02T10:00:00Z"},
		{"Tue, 02 Jan 2018 15:04:05 GMT", layoutWords, "", "2018-01-02T15:04:05Z"},
		{"Jan-2018", layoutMonth, "", "2018-01-01T00:00:00Z"},
		{"Sept 2018", layoutMonth, "", "2018-09-01T00:00:00Z"},
		{"2018-03", layoutMonth, "", "2018-03-01T00:00:00Z"},
		{"20180102", layoutCompact, "", "2018-01-02T00:00:00Z"},
		{"20181302", layoutCompact, "", none},
		{"1514764800", layoutUnix, "", "2018-01-01T00:00:00Z"},
		{"1514764800123", layoutUnixMilli, "", "2018-01-01T00:00:00.123Z"},
		{"NaN", layoutUnix, "", none},
		// Leap days and the ends of the calendar.
		{"2016-02-29", layoutISO, "", "2016-02-29T00:00:00Z"},
		{"2018-02-29", layoutISO, "", none},
		{"1900-02-29", layoutISO, "", none},
		{"2000-02-29", layoutISO, "", "2000-02-29T00:00:00Z"},
		{"1970-01-01", layoutISO, "", "1970-01-01T00:00:00Z"},
		{"1957-05-01", layoutISO, "", "1957-05-01T00:00:00Z"},
		{"9999-12-31 23:59:59.999999", layoutISO, "", "9999-12-31T23:59:59.999999Z"},
		{"0000-00-00", layoutISO, "", none},
		{"2018-01-02 24:00", layoutISO, "", none},
		{"2018-01-02 23:59:60", layoutISO, "", none},
		// Berlin: clocks skip 02:00–03:00 on 2018-03-25 and repeat it on 2018-10-28.
		{"2018-01-15 12:00", layoutISO, "Europe/Berlin", "2018-01-15T11:00:00Z"},
		{"2018-07-15 12:00", layoutISO, "Europe/Berlin", "2018-07-15T10:00:00Z"},
		{"2018-03-25 01:59", layoutISO, "Europe/Berlin", "2018-03-25T00:59:00Z"},
		{"2018-03-25 02:30", layoutISO, "Europe/Berlin", "2018-03-25T01:30:00Z"},
		{"2018-03-25 03:00", layoutISO, "Europe/Berlin", "2018-03-25T01:00:00Z"},
		{"2018-10-28 02:30", layoutISO, "Europe/Berlin", "2018-10-28T00:30:00Z"},
		{"2018-10-28 03:00", layoutISO, "Europe/Berlin", "2018-10-28T02:00:00Z"},
		{"2018-03-25 02:30Z", layoutISO, "Europe/Berlin", "2018-03-25T02:30:00Z"},
		// New York is behind UTC; Samoa left out 2011-12-30 altogether.
		{"2018-03-11 02:30", layoutISO, "America/New_York", "2018-03-11T07:30:00Z"},
		{"2018-11-04 01:30", layoutISO, "America/New_York", "2018-11-04T05:30:00Z"},
		{"2011-12-31 00:00", layoutISO, "Pacific/Apia", "2011-12-30T10:00:00Z"},
		// Not dates.
		{"1.2.30", layoutDMY, "", none}, {"10.12.13.14", layoutDMY, "", none}, {"10/49", layoutDMY, "", none}, {"1000-5000", layoutISO, "", none},
		{"1-2-3", layoutDMY, "", none}, {"May", layoutMonth, "", none}, {"Marketing 2018", layoutMonth, "", none}, {"2018", layoutISO, "", none}, {"Monday", layoutWords, "", none},
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
		got, ok := parseTime(shown, layoutDMY, zone)
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
	f.Fuzz(func(t *testing.T, s string, layout uint8) {
		at, ok := parseTime(s, layouts[int(layout)%len(layouts)], berlin)
		if !ok {
			return
		}
		again, ok := parseTime(FormatTime(at), layoutISO, berlin)
		if year := time.UnixMicro(at).UTC().Year(); year >= 1000 && year <= 9999 && (!ok || again != at) {
			t.Fatalf("%q read as %s, which reads as %s", s, FormatTime(at), FormatTime(again))
		}
	})
}
