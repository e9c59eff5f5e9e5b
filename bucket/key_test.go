package bucket

import (
	"strings"
	"testing"
	"time"
)

func TestParseKey(t *testing.T) {
	day := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		key  string
		want Key
	}{
		{
			"AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/31/111122223333_CloudTrail_us-east-1_20260131T0005Z_AbCdEfGh01234567.json.gz",
			Key{Base: Base{Account: "111122223333"}, Kind: LogFile, Region: "us-east-1", Time: day.Add(5 * time.Minute), Unique: "AbCdEfGh01234567"},
		},
		{
			"a/b/AWSLogs/o-exampleorg1/111122223333/CloudTrail/us-gov-west-1/2026/01/31/111122223333_CloudTrail_us-gov-west-1_20260131T2359Z_AbCdEfGh01234567.json.gz",
			Key{Base: Base{Prefix: "a/b", Org: "o-exampleorg1", Account: "111122223333"}, Kind: LogFile, Region: "us-gov-west-1", Time: day.Add(24*time.Hour - time.Minute), Unique: "AbCdEfGh01234567"},
		},
		{
			"AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/01/31/111122223333_CloudTrail-Digest_eu-west-1_my-trail_us-east-1_20260131T010317Z.json.gz",
			Key{Base: Base{Account: "111122223333"}, Kind: Digest, Region: "eu-west-1", Trail: "my-trail", Home: "us-east-1", Time: day.Add(time.Hour + 3*time.Minute + 17*time.Second)},
		},
		{ // the trail's own name holds what looks like the end of a digest's name
			"AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/01/31/111122223333_CloudTrail-Digest_us-east-1_x_us-east-1_y_us-east-1_20260131T010317Z.json.gz",
			Key{Base: Base{Account: "111122223333"}, Kind: Digest, Region: "us-east-1", Trail: "x_us-east-1_y", Home: "us-east-1", Time: day.Add(time.Hour + 3*time.Minute + 17*time.Second)},
		},
		{
			"AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/01/31/111122223333_CloudTrail-Digest_us-east-1_t_us-east-1_20260131T010317Z_backfill.json.gz",
			Key{Base: Base{Account: "111122223333"}, Kind: BackfillDigest, Region: "us-east-1", Trail: "t", Home: "us-east-1", Time: day.Add(time.Hour + 3*time.Minute + 17*time.Second)},
		},
		{
			"AWSLogs/111122223333/CloudTrail-Insight/us-east-1/2026/01/31/111122223333_CloudTrail-Insight_us-east-1_20260131T0005Z_AbCdEfGh01234567.json.gz",
			Key{Base: Base{Account: "111122223333"}, Kind: Insight, Region: "us-east-1", Time: day.Add(5 * time.Minute), Unique: "AbCdEfGh01234567"},
		},
	} {
		got, ok := ParseKey(c.key)
		if !ok || got != c.want {
			t.Errorf("ParseKey(%s)\n got %+v %v\nwant %+v", c.key, got, ok, c.want)
		}
	}
}

func TestParseKeyRefuses(t *testing.T) {
	for _, key := range []string{
		"",
		"AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/31/",
		"AWSLogs/111122223333/CloudTrail-Digest/",
		"AWSLogs/111122223333/Config/us-east-1/2026/1/31/ConfigHistory/111122223333_Config_us-east-1_x.json.gz",
		"AWSLogs/111122223333/elasticloadbalancing/us-east-1/2026/01/31/x.log.gz",
		// the name contradicts the folder
		"AWSLogs/111122223333/CloudTrail/us-west-2/2026/01/31/111122223333_CloudTrail_us-east-1_20260131T0005Z_AbCdEfGh01234567.json.gz",
		"AWSLogs/111122223333/CloudTrail-Digest/us-west-2/2026/01/31/111122223333_CloudTrail-Digest_us-east-1_t_us-east-1_20260131T010317Z.json.gz",
		// another account, or another day: planted names must not pass
		"AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/31/000000000000_CloudTrail_us-east-1_20260131T0005Z_AbCdEfGh01234567.json.gz",
		"AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/31/111122223333_CloudTrail_us-east-1_20990101T0000Z_AbCdEfGh01234567.json.gz",
		"AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/01/31/111122223333_CloudTrail-Digest_us-east-1_a_us-east-1_20990101T000000Z.json.gz",
		// a time that there is not
		"AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/31/111122223333_CloudTrail_us-east-1_20261331T0005Z_AbCdEfGh01234567.json.gz",
		"AWSLogs/1111/CloudTrail/us-east-1/2026/01/31/1111_CloudTrail_us-east-1_20260131T0005Z_AbCdEfGh01234567.json.gz",
	} {
		if k, ok := ParseKey(key); ok {
			t.Errorf("ParseKey(%s) = %+v", key, k)
		}
	}
}

func TestDigestKeyReadsBack(t *testing.T) {
	end := time.Date(2026, 1, 31, 1, 3, 17, 0, time.UTC)
	for _, b := range []Base{
		{Account: "111122223333"},
		{Prefix: "logs/prod", Account: "111122223333"},
		{Prefix: "p", Org: "o-exampleorg1", Account: "111122223333"},
	} {
		key := b.DigestKey("eu-west-1", "my_trail.1", "us-east-1", end)
		got, ok := ParseKey(key)
		want := Key{Base: b, Kind: Digest, Region: "eu-west-1", Trail: "my_trail.1", Home: "us-east-1", Time: end}
		if !ok || got != want {
			t.Errorf("%s\n got %+v %v\nwant %+v", key, got, ok, want)
		}
		if !strings.HasPrefix(key, b.Day(Digest, "eu-west-1", end)) {
			t.Errorf("%s does not lie in its day folder", key)
		}
	}
}

func TestParseURI(t *testing.T) {
	for _, c := range []struct {
		in, name, prefix string
		ok               bool
	}{
		{"s3://b", "b", "", true},
		{"s3://b/", "b", "", true},
		{"s3://b/a/c", "b", "a/c", true},
		{"s3:///a", "", "a", false},
		{"/tmp/b", "", "", false},
	} {
		name, prefix, ok := ParseURI(c.in)
		if name != c.name || prefix != c.prefix || ok != c.ok {
			t.Errorf("ParseURI(%q) = %q, %q, %v", c.in, name, prefix, ok)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add("AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/31/111122223333_CloudTrail_us-east-1_20260131T0005Z_AbCdEfGh01234567.json.gz")
	f.Add("p/AWSLogs/o-exampleorg1/111122223333/CloudTrail-Digest/us-east-1/2026/01/31/111122223333_CloudTrail-Digest_us-east-1_t_us-east-1_20260131T010317Z_backfill.json.gz")
	f.Fuzz(func(t *testing.T, key string) {
		k, ok := ParseKey(key)
		if !ok {
			return
		}
		if len(k.Account) != 12 || k.Region == "" || k.Time.IsZero() || k.Kind == 0 {
			t.Errorf("ParseKey(%q) = %+v", key, k)
		}
		if !strings.HasPrefix(key, k.Regions(k.Kind)+k.Region+"/") {
			t.Errorf("ParseKey(%q): its base is %q", key, k.Base)
		}
	})
}

func TestFirstLogKey(t *testing.T) {
	b := Base{Prefix: "p", Account: "111122223333"}
	at := time.Date(2026, 1, 15, 9, 5, 30, 0, time.UTC)
	first := b.FirstLogKey("eu-west-1", at)
	for key, after := range map[string]bool{
		"p/AWSLogs/111122223333/CloudTrail/eu-west-1/2026/01/15/111122223333_CloudTrail_eu-west-1_20260115T0905Z_AAAAAAAAAAAAAAAA.json.gz": true,
		"p/AWSLogs/111122223333/CloudTrail/eu-west-1/2026/01/16/111122223333_CloudTrail_eu-west-1_20260116T0000Z_AAAAAAAAAAAAAAAA.json.gz": true,
		"p/AWSLogs/111122223333/CloudTrail/eu-west-1/2026/01/15/111122223333_CloudTrail_eu-west-1_20260115T0904Z_zzzzzzzzzzzzzzzz.json.gz": false,
	} {
		if (key > first) != after {
			t.Errorf("%s after %s: %v, want %v", key, first, !after, after)
		}
	}
}
