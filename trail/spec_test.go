package trail

import (
	"errors"
	"strings"
	"testing"
)

func ptr[T any](v T) *T { return &v }

func TestValidate(t *testing.T) {
	good := Spec{Name: "audit", Region: "eu-west-1"}
	tests := map[string]struct {
		change func(*Spec)
		ok     bool
	}{
		"plain":                    {func(*Spec) {}, true},
		"name of 3":                {func(s *Spec) { s.Name = "abc" }, true},
		"name of 2":                {func(s *Spec) { s.Name = "ab" }, false},
		"name of 128":              {func(s *Spec) { s.Name = strings.Repeat("a", 128) }, true},
		"name of 129":              {func(s *Spec) { s.Name = strings.Repeat("a", 129) }, false},
		"name with marks":          {func(s *Spec) { s.Name = "A.b_c-9" }, true},
		"name with two marks":      {func(s *Spec) { s.Name = "a-_b" }, false},
		"name that ends in -":      {func(s *Spec) { s.Name = "abc-" }, false},
		"name that begins with _":  {func(s *Spec) { s.Name = "_abc" }, false},
		"name with a space":        {func(s *Spec) { s.Name = "a bc" }, false},
		"name with an accent":      {func(s *Spec) { s.Name = "audité" }, false},
		"name with a newline":      {func(s *Spec) { s.Name = "audit\n" }, false},
		"name like an address":     {func(s *Spec) { s.Name = "192.168.5.4" }, false},
		"no region":                {func(s *Spec) { s.Region = "" }, false},
		"region in a sentence":     {func(s *Spec) { s.Region = "eu-west-1 " }, false},
		"region of GovCloud":       {func(s *Spec) { s.Region = "us-gov-west-1" }, true},
		"bucket":                   {func(s *Spec) { s.Bucket = "my.logs-1" }, true},
		"bucket of 2":              {func(s *Spec) { s.Bucket = "ab" }, false},
		"bucket of 63":             {func(s *Spec) { s.Bucket = strings.Repeat("a", 63) }, true},
		"bucket of 64":             {func(s *Spec) { s.Bucket = strings.Repeat("a", 64) }, false},
		"bucket with a capital":    {func(s *Spec) { s.Bucket = "Logs" }, false},
		"bucket with _":            {func(s *Spec) { s.Bucket = "my_logs" }, false},
		"bucket with ..":           {func(s *Spec) { s.Bucket = "my..logs" }, false},
		"bucket like an address":   {func(s *Spec) { s.Bucket = "10.0.0.1" }, false},
		"bucket of S3's own":       {func(s *Spec) { s.Bucket = "logs-s3alias" }, false},
		"bucket as URI":            {func(s *Spec) { s.Bucket = "s3://logs" }, false},
		"prefix":                   {func(s *Spec) { s.Prefix = ptr("a/b c") }, true},
		"prefix of nothing":        {func(s *Spec) { s.Prefix = ptr("") }, true},
		"prefix of 200":            {func(s *Spec) { s.Prefix = ptr(strings.Repeat("ä", 200)) }, true},
		"prefix of 201":            {func(s *Spec) { s.Prefix = ptr(strings.Repeat("a", 201)) }, false},
		"prefix with /":            {func(s *Spec) { s.Prefix = ptr("a/") }, false},
		"prefix out of its bucket": {func(s *Spec) { s.Prefix = ptr("../../x") }, false},
		"prefix of ..":             {func(s *Spec) { s.Prefix = ptr("..") }, false},
		"prefix with . inside":     {func(s *Spec) { s.Prefix = ptr("a/./b") }, false},
		"prefix with // inside":    {func(s *Spec) { s.Prefix = ptr("a//b") }, false},
		"prefix with dots":         {func(s *Spec) { s.Prefix = ptr("a..b/...") }, true},
		"prefix with *":            {func(s *Spec) { s.Prefix = ptr("a*") }, false},
		"prefix with a control":    {func(s *Spec) { s.Prefix = ptr("a\x1b") }, false},
		"one region, not global":   {func(s *Spec) { s.AllRegions, s.GlobalServiceEvents = ptr(false), ptr(false) }, true},
		"all regions, not global":  {func(s *Spec) { s.AllRegions, s.GlobalServiceEvents = ptr(true), ptr(false) }, false},

		"selected regions":            {func(s *Spec) { s.Regions = []string{"eu-west-1", "us-east-1"} }, true},
		"selected regions, not first": {func(s *Spec) { s.Regions = []string{"us-east-1", "eu-west-1"} }, false},
		"a region twice":              {func(s *Spec) { s.Regions = []string{"eu-west-1", "us-east-1", "eu-west-1"} }, false},
		"a region that is none":       {func(s *Spec) { s.Regions = []string{"eu-west-1", "europe"} }, false},
		"selected and all":            {func(s *Spec) { s.Regions, s.AllRegions = []string{"eu-west-1"}, ptr(true) }, false},
		"topic":                       {func(s *Spec) { s.Topic = ptr("news") }, true},
		"no topic any more":           {func(s *Spec) { s.Topic = ptr("") }, true},
		"topic by ARN":                {func(s *Spec) { s.Topic = ptr("arn:aws:sns:us-east-1:999999999999:news") }, true},
		"topic that is FIFO":          {func(s *Spec) { s.Topic = ptr("news.fifo") }, false},
		"topic that is a queue":       {func(s *Spec) { s.Topic = ptr("arn:aws:sqs:us-east-1:999999999999:news") }, false},
		"log group":                   {func(s *Spec) { s.LogGroup = ptr("CloudTrail/logs") }, true},
		"log group by ARN":            {func(s *Spec) { s.LogGroup = ptr("arn:aws:logs:eu-west-1:111122223333:log-group:x:*") }, true},
		"log group elsewhere":         {func(s *Spec) { s.LogGroup = ptr("arn:aws:logs:us-east-1:111122223333:log-group:x:*") }, false},
		"log group by ARN, several": {func(s *Spec) {
			s.Regions, s.LogGroup = []string{"eu-west-1", "us-east-1"}, ptr("arn:aws:logs:eu-west-1:111122223333:log-group:x")
		}, false},
		"log group with a space":   {func(s *Spec) { s.LogGroup = ptr("a b") }, false},
		"log group not named":      {func(s *Spec) { s.CreateLogGroup = true }, false},
		"log group and its end":    {func(s *Spec) { s.LogGroup, s.Retention = ptr(""), ptr(int32(30)) }, false},
		"retention":                {func(s *Spec) { s.Retention = ptr(int32(3653)) }, true},
		"retention for ever":       {func(s *Spec) { s.Retention = ptr(int32(0)) }, true},
		"retention of 2 days":      {func(s *Spec) { s.Retention = ptr(int32(2)) }, false},
		"role":                     {func(s *Spec) { s.LogRole = "Logs_role+1" }, true},
		"role by ARN":              {func(s *Spec) { s.LogRole = "arn:aws:iam::111122223333:role/a/b/c" }, true},
		"role that is a user":      {func(s *Spec) { s.LogRole = "arn:aws:iam::111122223333:user/c" }, false},
		"role with a slash":        {func(s *Spec) { s.LogRole = "a/b" }, false},
		"key id":                   {func(s *Spec) { s.KMSKey = ptr("11111111-2222-3333-4444-555555555555") }, true},
		"key of many regions":      {func(s *Spec) { s.KMSKey = ptr("mrk-1234abcd12ab34cd56ef1234567890ab") }, true},
		"key alias":                {func(s *Spec) { s.KMSKey = ptr("alias/audit") }, true},
		"key by ARN":               {func(s *Spec) { s.KMSKey = ptr("arn:aws:kms:eu-west-1:111122223333:key/x") }, true},
		"key by name":              {func(s *Spec) { s.KMSKey = ptr("audit") }, false},
		"key policy without a key": {func(s *Spec) { s.UpdateKeyPolicy = true }, false},
		"tags":                     {func(s *Spec) { s.Tags = map[string]string{"a b": "", "c": "d+e=f@g"} }, true},
		"tag without a key":        {func(s *Spec) { s.Tags = map[string]string{"": "x"} }, false},
		"tag of AWS":               {func(s *Spec) { s.Tags = map[string]string{"AWS:x": "x"} }, false},
		"tag with a control":       {func(s *Spec) { s.Tags = map[string]string{"a": "x\n"} }, false},
		"tag too long":             {func(s *Spec) { s.Tags = map[string]string{"a": strings.Repeat("ä", 257)} }, false},
		"tag set and taken away":   {func(s *Spec) { s.Tags, s.RemoveTags = map[string]string{"a": ""}, []string{"a"} }, false},
		"recording said twice":     {func(s *Spec) { s.Recording, s.Selectors = &Recording{Management: "all"}, &Selectors{} }, false},
		"recording that cannot be": {func(s *Spec) { s.Recording = &Recording{Management: "some"} }, false},
		"selectors that are not":   {func(s *Spec) { s.Selectors = &Selectors{} }, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := good
			tt.change(&s)
			err := s.Validate()
			if (err == nil) != tt.ok || (err != nil && !errors.Is(err, ErrSpec)) {
				t.Errorf("%+v: %v", s, err)
			}
		})
	}
}

func TestDefaultBucket(t *testing.T) {
	// printf audit | sha256sum
	if got, want := DefaultBucket(account, "audit"), "aws-cloudtrail-logs-111122223333-b81f37a0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if err := checkBucket(DefaultBucket(account, strings.Repeat("x", 128))); err != nil {
		t.Error(err)
	}
}

func TestDefaultRole(t *testing.T) {
	long := DefaultRole(strings.Repeat("x", 128))
	if len(long) != maxRoleName || checkRole(long) != nil || long == DefaultRole(strings.Repeat("x", 127)) {
		t.Errorf("got %s", long)
	}
	if got := DefaultRole("audit"); got != "CloudTrail-CloudWatchLogs-audit" {
		t.Errorf("got %s", got)
	}
}

func TestARN(t *testing.T) {
	got := ARN("aws-cn", "cn-north-1", account, "audit")
	if want := "arn:aws-cn:cloudtrail:cn-north-1:111122223333:trail/audit"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if a := (Trail{ARN: got}).Account(); a != account {
		t.Errorf("account %q", a)
	}
}
