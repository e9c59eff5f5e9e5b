package audit

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"trailctl/bucket"
	"trailctl/trail"
)

const (
	account   = "111122223333"
	groupARN  = "arn:aws:logs:us-east-1:111122223333:log-group:events:*"
	keyARN    = "arn:aws:kms:us-east-1:111122223333:key/k"
	topicARN  = "arn:aws:sns:us-east-1:111122223333:alarms"
	bucketARN = "arn:aws:s3:::logs"
)

var now = time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)

const cleanPolicy = `{"Version":"2012-10-17","Statement":[
{"Sid":"AWSCloudTrailAclCheck20150319","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::logs","Condition":{"StringEquals":{"aws:SourceArn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/main"}}},
{"Sid":"AWSCloudTrailWrite20150319","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/AWSLogs/111122223333/*","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control","aws:SourceArn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/main"}}},
{"Sid":"TLS","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::logs","arn:aws:s3:::logs/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`

// clean is an account with one trail that no rule finds fault with.
func clean() Account {
	return Account{Account: trail.Account{ID: account, Partition: "aws"}, Region: "us-east-1", Trails: []Subject{cleanTrail()}}
}

func cleanTrail() Subject {
	yes := true
	t := trail.Trail{
		Name: "main", ARN: trail.ARN("aws", "us-east-1", account, "main"), HomeRegion: "us-east-1", Bucket: "logs",
		MultiRegion: true, GlobalServiceEvents: true, LogFileValidation: true,
		LogGroupARN: groupARN, LogRoleARN: "arn:aws:iam::111122223333:role/r", KMSKey: keyARN, CustomSelectors: true,
	}
	s := Subject{
		Whole: trail.Whole{
			Trail: t, Account: trail.Account{ID: account, Partition: "aws"}, Logging: true,
			Tags: map[string]string{"team": "security"},
			Selectors: &trail.Selectors{Basic: []types.EventSelector{{
				ReadWriteType: types.ReadWriteTypeAll, IncludeManagementEvents: aws.Bool(true),
				DataResources: []types.DataResource{{Type: aws.String("AWS::S3::Object"), Values: []string{"arn:aws:s3"}}},
			}}},
			Bucket: &trail.BucketPart{
				Name: "logs", Place: bucket.Place{Owner: bucket.Account, Region: "us-east-1"}, Policy: cleanPolicy,
				Settings: bucket.Settings{
					PublicAccess: &bucket.PublicAccess{BlockPublicACLs: true, IgnorePublicACLs: true, BlockPublicPolicy: true, RestrictPublicBuckets: true},
					Unread:       map[string]error{},
				},
			},
			Key:    &trail.KeyPart{ARN: keyARN, State: "Enabled", Manager: "CUSTOMER", Rotation: &yes},
			Unread: map[string]error{},
		},
		Now:    now,
		Status: trail.Status{Trail: t, Logging: true, Delivery: now, LogGroup: now.Add(-time.Hour)},
		Facts: &BucketFacts{Protection: bucket.Protection{
			Logging: &bucket.AccessLog{Bucket: "access"}, Versioning: "Enabled", MFADelete: true, Unread: map[string]error{},
		}},
		Watch: &trail.Watch{Region: "us-east-1", Group: "events", Topics: map[string]trail.AlarmTopic{topicARN: {Subscriber: topicARN + ":1"}}},
	}
	s.Everywhere = &trail.Everywhere{Regions: []trail.RegionStatus{{Region: "us-east-1"}, {Region: "eu-west-1"}, {Region: "sa-east-1"}}}
	for _, c := range trail.AlarmControls() {
		m := trail.Metric{Namespace: "CIS", Name: c.Slug}
		s.Watch.Filters = append(s.Watch.Filters, trail.MetricFilter{Name: c.Slug, Pattern: c.Patterns[len(c.Patterns)-1], Metrics: []trail.Metric{m}})
		s.Watch.Alarms = append(s.Watch.Alarms, trail.Alarm{Name: c.Slug, Metric: m, Enabled: true, Actions: []string{topicARN}})
	}
	return s
}

func withResult(t *testing.T, a Account, r Result) []string {
	t.Helper()
	report, err := Evaluate(a, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{}
	for _, f := range report.Findings {
		if f.Why == "" {
			t.Errorf("%s says nothing about its result %s", f.Control.ID(), f.Result)
		}
		if f.Result == Pass && len(f.Evidence) == 0 {
			t.Errorf("%s passes without evidence", f.Control.ID())
		}
		if f.Result == r {
			ids = append(ids, f.Control.ID())
			if r == Fail && f.Fix == "" {
				t.Errorf("%s fails, and nothing says what to do", f.Control.ID())
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func TestCleanAccount(t *testing.T) {
	if got := withResult(t, clean(), Fail); len(got) != 0 {
		t.Errorf("a clean account fails %v", got)
	}
	if got := withResult(t, clean(), Unknown); len(got) != 0 {
		t.Errorf("a clean account leaves %v unknown", got)
	}
	if got := withResult(t, clean(), NotApplicable); !slices.Equal(got, []string{"CloudTrail.10"}) {
		t.Errorf("not applicable: %v", got)
	}
}

// alarmIDs are the ids of the items of section 4.
func alarmIDs() []string {
	var ids []string
	for _, c := range trail.AlarmControls() {
		ids = append(ids, Control{SecurityHub: c.SecurityHub, CIS30: c.CIS}.ID())
	}
	return ids
}

func management(fields ...types.AdvancedFieldSelector) types.AdvancedEventSelector {
	return types.AdvancedEventSelector{FieldSelectors: append([]types.AdvancedFieldSelector{
		{Field: aws.String("eventCategory"), Equals: []string{"Management"}}}, fields...)}
}

func s3Data(fields ...types.AdvancedFieldSelector) types.AdvancedEventSelector {
	return types.AdvancedEventSelector{FieldSelectors: append([]types.AdvancedFieldSelector{
		{Field: aws.String("eventCategory"), Equals: []string{"Data"}},
		{Field: aws.String("resources.type"), Equals: []string{"AWS::S3::Object"}}}, fields...)}
}

func field(name string) types.AdvancedFieldSelector {
	return types.AdvancedFieldSelector{Field: aws.String(name)}
}

func equals(name string, values ...string) types.AdvancedFieldSelector {
	f := field(name)
	f.Equals = values
	return f
}

func notEquals(name string, values ...string) types.AdvancedFieldSelector {
	f := field(name)
	f.NotEquals = values
	return f
}

// Each case changes one thing of a clean account; exactly these controls must
// fail for it.
func TestEachFailureIsFound(t *testing.T) {
	everyRegion := append(alarmIDs(), "CloudTrail.1", "cis-v3.0/3.1", "S3.22", "S3.23")
	allManagement := append(alarmIDs(), "CloudTrail.1", "cis-v3.0/3.1")
	advanced := func(list ...types.AdvancedEventSelector) func(*Subject) {
		return func(s *Subject) { s.Selectors = &trail.Selectors{Advanced: list} }
	}
	tests := map[string]struct {
		change func(*Subject)
		fails  []string
	}{
		"one region":               {func(s *Subject) { s.Trail.MultiRegion = false }, everyRegion},
		"not logging":              {func(s *Subject) { s.Status.Logging = false }, append(slices.Clone(everyRegion), "CloudTrail.3", "trailctl.logging")},
		"reads only":               {func(s *Subject) { s.Selectors.Basic[0].ReadWriteType = types.ReadWriteTypeReadOnly }, append(slices.Clone(allManagement), "S3.22")},
		"writes only":              {func(s *Subject) { s.Selectors.Basic[0].ReadWriteType = types.ReadWriteTypeWriteOnly }, append(slices.Clone(allManagement), "S3.23")},
		"no management events":     {func(s *Subject) { s.Selectors.Basic[0].IncludeManagementEvents = aws.Bool(false) }, allManagement},
		"without KMS":              {func(s *Subject) { s.Selectors.Basic[0].ExcludeManagementEventSources = []string{"kms.amazonaws.com"} }, []string{"CloudTrail.1"}},
		"no data events":           {func(s *Subject) { s.Selectors.Basic[0].DataResources = nil }, []string{"S3.22", "S3.23"}},
		"one bucket's data events": {func(s *Subject) { s.Selectors.Basic[0].DataResources[0].Values = []string{"arn:aws:s3:::one/"} }, []string{"S3.22", "S3.23"}},
		"default selectors":        {func(s *Subject) { s.Selectors, s.Trail.CustomSelectors = &trail.Selectors{}, false }, []string{"S3.22", "S3.23"}},
		"advanced, clean":          {advanced(management(), s3Data()), nil},
		"advanced, in two halves":  {advanced(management(equals("readOnly", "true")), management(equals("readOnly", "false")), s3Data(equals("readOnly", "true")), s3Data(equals("readOnly", "false"))), nil},
		"advanced, reads only":     {advanced(management(equals("readOnly", "true")), s3Data()), allManagement},
		"advanced, writes only":    {advanced(management(equals("readOnly", "false")), s3Data(equals("readOnly", "false"))), append(slices.Clone(allManagement), "S3.23")},
		"advanced, without KMS":    {advanced(management(notEquals("eventSource", "kms.amazonaws.com")), s3Data()), []string{"CloudTrail.1"}},
		"advanced, KMS elsewhere":  {advanced(management(notEquals("eventSource", "kms.amazonaws.com")), management(), s3Data()), nil},
		"advanced, one source":     {advanced(management(equals("eventSource", "ec2.amazonaws.com")), s3Data()), allManagement},
		"advanced, no management":  {advanced(s3Data()), allManagement},
		"advanced, some objects":   {advanced(management(), s3Data(equals("eventName", "GetObject"))), []string{"S3.22", "S3.23"}},
		"advanced, other data":     {advanced(management(), types.AdvancedEventSelector{FieldSelectors: []types.AdvancedFieldSelector{equals("eventCategory", "Data"), equals("resources.type", "AWS::Lambda::Function")}}), []string{"S3.22", "S3.23"}},
		"no key":                   {func(s *Subject) { s.Trail.KMSKey, s.Key = "", nil }, []string{"CloudTrail.2"}},
		"key not rotated":          {func(s *Subject) { s.Key.Rotation = aws.Bool(false) }, []string{"KMS.4"}},
		"key disabled":             {func(s *Subject) { s.Key.State = "Disabled" }, []string{"trailctl.key-state"}},
		"key gone":                 {func(s *Subject) { s.Key, s.Unread["key"] = nil, trail.ErrGone }, []string{"trailctl.key-state"}},
		"log group gone":           {func(s *Subject) { s.Watch, s.WatchErr = nil, trail.ErrGone }, alarmIDs()},
		"no digest files":          {func(s *Subject) { s.Trail.LogFileValidation = false }, []string{"CloudTrail.4"}},
		"no log group":             {func(s *Subject) { s.Trail.LogGroupARN, s.Watch = "", nil }, append(alarmIDs(), "CloudTrail.5", "cis-v1.4/3.4")},
		"log group not reached":    {func(s *Subject) { s.Status.LogGroup = now.Add(-25 * time.Hour) }, []string{"cis-v1.4/3.4"}},
		"log group never reached":  {func(s *Subject) { s.Status.LogGroup = time.Time{} }, []string{"cis-v1.4/3.4"}},
		"no tags":                  {func(s *Subject) { s.Tags = map[string]string{"aws:x": "y"} }, []string{"CloudTrail.9"}},
		"public policy, no block":  {func(s *Subject) { s.Facts.PublicPolicy, s.Bucket.Settings.PublicAccess = true, nil }, []string{"CloudTrail.6", "S3.8"}},
		"public policy": {func(s *Subject) {
			s.Facts.PublicPolicy, s.Bucket.Settings.PublicAccess.RestrictPublicBuckets = true, false
		}, []string{"CloudTrail.6", "S3.8"}},
		"public ACL": {func(s *Subject) {
			s.Facts.PublicGrants, s.Bucket.Settings.PublicAccess.IgnorePublicACLs = []string{"AllUsers: READ"}, false
		}, []string{"CloudTrail.6", "S3.8"}},
		"public policy, restricted": {func(s *Subject) { s.Facts.PublicPolicy = true }, nil},
		"one switch off":            {func(s *Subject) { s.Bucket.Settings.PublicAccess.BlockPublicPolicy = false }, []string{"S3.8"}},
		"no access log":             {func(s *Subject) { s.Facts.Logging = nil }, []string{"CloudTrail.7"}},
		"no versions":               {func(s *Subject) { s.Facts.Versioning = "Suspended" }, []string{"S3.20"}},
		"no MFA delete":             {func(s *Subject) { s.Facts.MFADelete = false }, []string{"S3.20"}},
		"TLS not asked for":         {func(s *Subject) { s.Bucket.Policy = strings.Replace(cleanPolicy, `"false"`, `"true"`, 1) }, []string{"S3.5"}},
		"TLS for one network only": {func(s *Subject) {
			s.Bucket.Policy = strings.Replace(cleanPolicy, `{"Bool":{"aws:SecureTransport":"false"}}`, `{"Bool":{"aws:SecureTransport":"false"},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`, 1)
		}, []string{"S3.5"}},
		"TLS for one person only": {func(s *Subject) {
			s.Bucket.Policy = strings.Replace(cleanPolicy, `"Principal":"*"`, `"Principal":{"AWS":"arn:aws:iam::111122223333:root"}`, 1)
		}, []string{"S3.5"}},
		"any trail may write, if it says so": {func(s *Subject) {
			s.Bucket.Policy = strings.ReplaceAll(cleanPolicy, `"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control",`, `"StringEqualsIfExists":{"s3:x-amz-acl":"bucket-owner-full-control",`)
		}, []string{"trailctl.source-arn"}},
		"excluded from one of two": {func(s *Subject) {
			s.Selectors.Basic[0].ExcludeManagementEventSources = []string{"kms.amazonaws.com"}
			s.Selectors.Basic = append(s.Selectors.Basic, types.EventSelector{ReadWriteType: types.ReadWriteTypeAll, ExcludeManagementEventSources: []string{"rdsdata.amazonaws.com"}})
		}, nil},
		"TLS for objects only": {func(s *Subject) { s.Bucket.Policy = strings.Replace(cleanPolicy, `["arn:aws:s3:::logs",`, `[`, 1) }, []string{"S3.5"}},
		"any trail may write": {func(s *Subject) {
			s.Bucket.Policy = strings.Replace(cleanPolicy, `"s3:x-amz-acl":"bucket-owner-full-control","aws:SourceArn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/main"`, `"s3:x-amz-acl":"bucket-owner-full-control"`, 1)
		}, []string{"trailctl.source-arn"}},
		"any account's trail may write": {func(s *Subject) {
			s.Bucket.Policy = strings.ReplaceAll(cleanPolicy, `arn:aws:cloudtrail:us-east-1:111122223333:trail/main`, `arn:aws:cloudtrail:*:*:trail/*`)
		}, []string{"trailctl.source-arn"}},
		"no bucket":         {func(s *Subject) { s.Bucket.Owner = bucket.Nobody }, []string{"CloudTrail.6", "CloudTrail.7", "S3.20", "S3.5", "S3.8", "trailctl.source-arn"}},
		"log files refused": {func(s *Subject) { s.Status.DeliveryError = "AccessDenied" }, []string{"trailctl.delivery"}},
		"digests refused":   {func(s *Subject) { s.Status.DigestError = "AccessDenied" }, []string{"trailctl.delivery"}},
		"messages refused":  {func(s *Subject) { s.Status.NotificationError = "AuthorizationError" }, []string{"trailctl.delivery"}},
		"events refused":    {func(s *Subject) { s.Status.LogGroupError = "AccessDenied" }, []string{"trailctl.delivery"}},
		"refused elsewhere": {func(s *Subject) { s.Everywhere.Regions[1].DeliveryError = "AccessDenied" }, []string{"trailctl.delivery"}},
		"refused elsewhere, and unread": {func(s *Subject) {
			s.Everywhere.Regions[1].NotificationError = "AuthorizationError"
			s.Everywhere.Unread = []trail.RegionError{{Region: "eu-north-1", Err: errors.New("denied")}}
		}, []string{"trailctl.delivery"}},
		"nobody subscribed": {func(s *Subject) { s.Watch.Topics[topicARN] = trail.AlarmTopic{} }, alarmIDs()},
		"unconfirmed":       {func(s *Subject) { s.Watch.Topics[topicARN] = trail.AlarmTopic{Pending: 1} }, alarmIDs()},
	}
	for i, c := range trail.AlarmControls() {
		id := []string{alarmIDs()[i]}
		type test = struct {
			change func(*Subject)
			fails  []string
		}
		tests["no filter for "+c.CIS] = test{func(s *Subject) { s.Watch.Filters[i].Pattern = `{ $.eventName = Other }` }, id}
		tests["no alarm for "+c.CIS] = test{func(s *Subject) { s.Watch.Alarms[i].Metric.Name = "other" }, id}
		tests["alarm switched off for "+c.CIS] = test{func(s *Subject) { s.Watch.Alarms[i].Enabled = false }, id}
		tests["alarm without topic for "+c.CIS] = test{func(s *Subject) { s.Watch.Alarms[i].Actions = nil }, id}
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := clean()
			tt.change(&a.Trails[0])
			want := slices.Clone(tt.fails)
			slices.Sort(want)
			if got := withResult(t, a, Fail); !slices.Equal(got, want) {
				t.Errorf("fails %v\n want %v", got, want)
			}
			if got := withResult(t, a, Unknown); len(got) != 0 {
				t.Errorf("unknown: %v", got)
			}
		})
	}
}

// lackedStatus is LocalStack's answer to GetBucketPolicyStatus.
func lackedStatus() error {
	return &smithy.OperationError{ServiceID: "S3", OperationName: "GetBucketPolicyStatus", Err: &awshttp.ResponseError{
		ResponseError: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: http.StatusNotImplemented}},
			Err:      &smithy.GenericAPIError{Code: "InternalFailure", Message: "not included in your plan"},
		},
	}}
}

// What cannot be read is never a pass, and never a failure.
func TestUnreadIsUnknown(t *testing.T) {
	denied := errors.New("AccessDenied")
	lacking := lackedStatus()
	needsStatus := append(alarmIDs(), "CloudTrail.1", "cis-v3.0/3.1", "CloudTrail.3", "S3.22", "S3.23", "trailctl.logging", "trailctl.delivery", "trailctl.duplicates", "cis-v1.4/3.4")
	needsSelectors := append(alarmIDs(), "CloudTrail.1", "cis-v3.0/3.1", "S3.22", "S3.23", "trailctl.duplicates")
	ofBucket := []string{"CloudTrail.6", "CloudTrail.7", "S3.5", "S3.20", "S3.8", "trailctl.source-arn"}
	tests := map[string]struct {
		change  func(*Account)
		unknown []string
	}{
		"status": {func(a *Account) { a.Trails[0].StatusErr = denied }, needsStatus},
		"other regions": {func(a *Account) {
			a.Trails[0].Everywhere.Unread = []trail.RegionError{{Region: "eu-north-1", Err: denied}, {Region: "eu-west-2", Err: denied}}
		}, []string{"trailctl.delivery"}},
		"regions":        {func(a *Account) { a.Trails[0].Everywhere = nil }, []string{"trailctl.delivery"}},
		"selectors":      {func(a *Account) { a.Trails[0].Selectors, a.Trails[0].Unread["selectors"] = nil, denied }, needsSelectors},
		"tags":           {func(a *Account) { a.Trails[0].Tags, a.Trails[0].Unread["tags"] = nil, denied }, []string{"CloudTrail.9"}},
		"bucket":         {func(a *Account) { a.Trails[0].Bucket, a.Trails[0].Unread["bucket"] = nil, denied }, ofBucket},
		"other's bucket": {func(a *Account) { a.Trails[0].Bucket.Owner = bucket.Other }, ofBucket},
		"bucket facts":   {func(a *Account) { a.Trails[0].Facts, a.Trails[0].BucketErr = nil, denied }, ofBucket},
		"access block":   {func(a *Account) { a.Trails[0].Bucket.Settings.Unread[bucket.PublicAccessSetting] = denied }, []string{"CloudTrail.6", "S3.8"}},
		"policy status": {func(a *Account) {
			a.Trails[0].Facts.Unread[bucket.PolicyStatusSetting] = denied
			a.Trails[0].Bucket.Settings.PublicAccess.RestrictPublicBuckets = false
		}, []string{"CloudTrail.6"}},
		"policy status lacking": {func(a *Account) { // and a policy that names whom it allows
			a.Trails[0].Facts.Unread[bucket.PolicyStatusSetting] = lacking
			a.Trails[0].Bucket.Settings.PublicAccess.RestrictPublicBuckets = false
		}, nil},
		"policy status lacking, everybody": {func(a *Account) {
			a.Trails[0].Facts.Unread[bucket.PolicyStatusSetting] = lacking
			a.Trails[0].Bucket.Settings.PublicAccess.RestrictPublicBuckets = false
			prefix, rest, _ := strings.Cut(a.Trails[0].Bucket.Policy, "[")
			a.Trails[0].Bucket.Policy = prefix + `[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"},` + rest
		}, []string{"CloudTrail.6"}},
		"broken policy": {func(a *Account) { a.Trails[0].Bucket.Policy = "{" }, []string{"S3.5", "trailctl.source-arn"}},
		"access log":    {func(a *Account) { a.Trails[0].Facts.Unread[bucket.LoggingSetting] = denied }, []string{"CloudTrail.7"}},
		"versioning":    {func(a *Account) { a.Trails[0].Facts.Unread[bucket.VersioningSetting] = denied }, []string{"S3.20"}},
		"key":           {func(a *Account) { a.Trails[0].Key, a.Trails[0].Unread["key"] = nil, denied }, []string{"KMS.4", "trailctl.key-state"}},
		"rotation":      {func(a *Account) { a.Trails[0].Key.Rotation = nil }, []string{"KMS.4"}},
		"watch":         {func(a *Account) { a.Trails[0].Watch, a.Trails[0].WatchErr = nil, denied }, alarmIDs()},
		"topic":         {func(a *Account) { a.Trails[0].Watch.Topics[topicARN] = trail.AlarmTopic{Err: denied} }, alarmIDs()},
		"list of trails": {func(a *Account) { a.Partial, a.Trails[0].Selectors.Basic[0].DataResources = denied, nil },
			[]string{"S3.22", "S3.23", "trailctl.duplicates"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := clean()
			tt.change(&a)
			want := slices.Clone(tt.unknown)
			slices.Sort(want)
			if got := withResult(t, a, Unknown); !slices.Equal(got, want) {
				t.Errorf("unknown %v\n   want %v", got, want)
			}
			for _, id := range withResult(t, a, Fail) {
				if id != "S3.8" {
					t.Errorf("%s fails", id)
				}
			}
		})
	}
}

// A call that a server lacks is named, and not what it says at length.
func TestLackingIsShort(t *testing.T) {
	want := "it could not be read: the AWS at the endpoint lacks S3 GetBucketPolicyStatus (HTTP 501)"
	if got := unknown("it could not be read", lackedStatus()).Why; got != want {
		t.Errorf("%q", got)
	}
}

func TestUnreadTrail(t *testing.T) {
	a := clean()
	a.Trails[0].Err = errors.New("gone")
	if got := withResult(t, a, Pass); len(got) != 0 {
		t.Errorf("nothing of the trail is known, and %v pass", got)
	}
	if got := withResult(t, a, Fail); len(got) != 0 {
		t.Errorf("nothing of the trail is known, and %v fail", got)
	}
}

func TestNoTrails(t *testing.T) {
	a := clean()
	a.Trails = nil
	want := append(alarmIDs(), "CloudTrail.1", "CloudTrail.3", "S3.22", "S3.23", "cis-v3.0/3.1")
	slices.Sort(want)
	if got := withResult(t, a, Fail); !slices.Equal(got, want) {
		t.Errorf("fails %v\n want %v", got, want)
	}
	a.Partial = errors.New("denied")
	if got := withResult(t, a, Fail); len(got) != 0 {
		t.Errorf("fails %v although not all trails are known", got)
	}
}

// One trail that meets a rule of the account is enough.
func TestOneGoodTrailIsEnough(t *testing.T) {
	a := clean()
	other := cleanTrail()
	other.Trail.Name, other.Trail.ARN, other.Trail.MultiRegion = "aside", trail.ARN("aws", "eu-west-1", account, "aside"), false
	other.Trail.HomeRegion = "eu-west-1"
	other.Selectors = &trail.Selectors{Advanced: []types.AdvancedEventSelector{s3Data()}}
	a.Trails = []Subject{other, a.Trails[0]}
	if got := withResult(t, a, Fail); len(got) != 0 {
		t.Errorf("fails %v", got)
	}
}

// What a report proposes fits together: what it adds goes to one trail, which
// it does not take out of service, and nothing that holds stops to hold.
func TestRemediesFitTogether(t *testing.T) {
	second := func(name string) Subject {
		s := cleanTrail()
		s.Trail.Name, s.Trail.ARN = name, trail.ARN("aws", "us-east-1", account, name)
		return s
	}
	bare := func(s *Subject) {
		s.Trail.LogGroupARN, s.Watch = "", nil
		s.Selectors = &trail.Selectors{}
		s.Trail.CustomSelectors = false
	}
	subscribe := "aws sns subscribe --region us-east-1 --topic-arn " + topicARN + " --protocol email --notification-endpoint YOU@EXAMPLE.COM"
	tests := map[string]struct {
		other  func(*Subject) // named aside; it comes first
		main   func(*Subject)
		named  string
		alarms string // the fix of CloudWatch.1, "" when it passes
		twice  string
	}{
		"the one with a log group": {bare, func(s *Subject) { s.Watch.Filters = nil }, "",
			"trailctl trail alarms main --region us-east-1 --sns-topic TOPIC", "trailctl trail delete aside --region us-east-1"},
		"it is named": {bare, func(s *Subject) { s.Watch.Filters = nil }, "main",
			"trailctl trail alarms main --region us-east-1 --sns-topic TOPIC", "trailctl trail delete aside --region us-east-1"},
		"nobody hears of it": {bare, func(s *Subject) { s.Watch.Topics[topicARN] = trail.AlarmTopic{} }, "main",
			subscribe, "trailctl trail delete aside --region us-east-1"},
		"not confirmed": {bare, func(s *Subject) { s.Watch.Topics[topicARN] = trail.AlarmTopic{Pending: 1} }, "",
			subscribe, "trailctl trail delete aside --region us-east-1"},
		"both without, one named": {bare, bare, "main",
			"trailctl trail update main --region us-east-1 --log-group aws-cloudtrail-logs-main --create-log-group", "trailctl trail delete aside --region us-east-1"},
		"both without, the other named": {bare, bare, "aside",
			"trailctl trail update aside --region us-east-1 --log-group aws-cloudtrail-logs-aside --create-log-group", "trailctl trail delete main --region us-east-1"},
		"nothing is missing": {bare, func(*Subject) {}, "aside", "", "trailctl trail delete aside --region us-east-1"},
		"it records more":    {func(s *Subject) { s.Trail.LogGroupARN, s.Watch = "", nil }, func(*Subject) {}, "", "", "trailctl trail update aside --region us-east-1 --management-events none"},
		"one region only": {func(s *Subject) { bare(s); s.Trail.MultiRegion = false }, bare, "aside",
			"trailctl trail update main --region us-east-1 --log-group aws-cloudtrail-logs-main --create-log-group", "trailctl trail delete aside --region us-east-1"},
		"each has what the other lacks": {bare, func(s *Subject) { s.Selectors.Basic[0].ExcludeManagementEventSources = []string{"kms.amazonaws.com"} }, "", "", ""},
		"the first is switched off": {func(s *Subject) { bare(s); s.Status.Logging = false }, func(s *Subject) { s.Watch.Filters = nil }, "",
			"trailctl trail alarms main --region us-east-1 --sns-topic TOPIC", "-"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := clean()
			a.Trails = []Subject{second("aside"), cleanTrail()}
			tt.other(&a.Trails[0])
			tt.main(&a.Trails[1])
			o := Options{}
			if tt.named != "" {
				o.Trail = trail.ARN("aws", "us-east-1", account, tt.named)
			}
			r, err := Evaluate(a, o)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range r.Findings {
				switch id := f.Control.ID(); {
				case id == "CloudWatch.1" && (f.Fix != tt.alarms || (f.Result == Pass) != (tt.alarms == "")):
					t.Errorf("%s: %s: %s\nwant %s", id, f.Result, f.Fix, tt.alarms)
				case id == "trailctl.duplicates" && tt.twice != "-" && (f.Result != Fail || f.Fix != tt.twice):
					t.Errorf("%s: %s: %s\nwant %s", id, f.Result, f.Fix, tt.twice)
				case f.Trail == "" && id != "trailctl.duplicates" && tt.twice != "" && tt.twice != "-" && f.Fix != "":
					if gone := strings.Fields(tt.twice)[3]; strings.Contains(f.Fix, "trail update "+gone+" ") || strings.Contains(f.Fix, "trail alarms "+gone+" ") {
						t.Errorf("%s: %s, and also %s", id, f.Fix, tt.twice)
					}
				}
			}
		})
	}
}

func TestDuplicates(t *testing.T) {
	make := func(name, region string, all bool, kind types.ReadWriteType) Subject {
		s := cleanTrail()
		s.Trail.Name, s.Trail.ARN, s.Trail.HomeRegion, s.Trail.MultiRegion = name, trail.ARN("aws", region, account, name), region, all
		s.Selectors = &trail.Selectors{Basic: []types.EventSelector{{ReadWriteType: kind, IncludeManagementEvents: aws.Bool(true)}}}
		return s
	}
	off := make("off", "us-east-1", true, types.ReadWriteTypeAll)
	off.Status.Logging = false
	org := make("org", "us-east-1", true, types.ReadWriteTypeAll)
	org.Trail.Organization, org.Trail.ARN = true, trail.ARN("aws", "us-east-1", "999999999999", "org")
	data := make("data", "us-east-1", true, types.ReadWriteTypeAll)
	data.Selectors.Basic[0].IncludeManagementEvents = aws.Bool(false)
	one := make("one", "us-east-1", true, types.ReadWriteTypeAll)
	tests := map[string]struct {
		trails []Subject
		result Result
		says   []string
	}{
		"one":                      {[]Subject{one}, Pass, nil},
		"two everywhere":           {[]Subject{one, make("two", "eu-west-1", true, types.ReadWriteTypeAll)}, Fail, []string{"read and write management events in all regions are recorded 2 times, by one (all regions) and two (all regions)"}},
		"one more in a region":     {[]Subject{one, make("two", "eu-west-1", false, types.ReadWriteTypeAll)}, Fail, []string{"in eu-west-1", "two (eu-west-1 only)"}},
		"two in different places":  {[]Subject{make("a", "us-east-1", false, types.ReadWriteTypeAll), make("b", "eu-west-1", false, types.ReadWriteTypeAll)}, Pass, nil},
		"reads here, writes there": {[]Subject{make("r", "us-east-1", true, types.ReadWriteTypeReadOnly), make("w", "us-east-1", true, types.ReadWriteTypeWriteOnly)}, Pass, nil},
		"writes twice":             {[]Subject{one, make("w", "us-east-1", true, types.ReadWriteTypeWriteOnly)}, Fail, []string{"write management events in all regions are recorded 2 times"}},
		"the other is off":         {[]Subject{one, off}, Pass, nil},
		"the other records data":   {[]Subject{one, data}, Pass, nil},
		"the organization's":       {[]Subject{one, org}, Fail, []string{"org (the organization's, of account 999999999999)"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := clean()
			a.Trails = tt.trails
			v := duplicates(a)
			if v.Result != tt.result {
				t.Errorf("%s: %s, want %s", v.Result, v.Why, tt.result)
			}
			for _, s := range tt.says {
				if !strings.Contains(v.Why, s) {
					t.Errorf("%q does not say %q", v.Why, s)
				}
			}
			if tt.result == Fail && strings.Contains(v.Fix, "update org ") {
				t.Errorf("the fix %q is for another account's trail", v.Fix)
			}
		})
	}
}

// A member sees its organization's trail: it counts for the account, and is
// judged by itself where it belongs.
func TestAnotherAccountsTrail(t *testing.T) {
	a := clean()
	org := &a.Trails[0]
	org.Trail.ARN, org.Trail.Organization = trail.ARN("aws", "us-east-1", "999999999999", "main"), true
	org.Watch, org.WatchErr = nil, errors.New("in another account")
	org.Trail.KMSKey, org.Tags, org.Bucket = "", nil, nil
	if got := withResult(t, a, Fail); len(got) != 0 {
		t.Errorf("fails %v", got)
	}
	want := alarmIDs()
	slices.Sort(want)
	if got := withResult(t, a, Unknown); !slices.Equal(got, want) {
		t.Errorf("unknown %v, want %v", got, want)
	}
	if got := withResult(t, a, Pass); !slices.Contains(got, "CloudTrail.1") || slices.Contains(got, "CloudTrail.4") {
		t.Errorf("passes %v", got)
	}
}

func TestOneTrailOnly(t *testing.T) {
	a := clean()
	other := cleanTrail()
	other.Trail.Name, other.Trail.ARN, other.Trail.KMSKey = "other", trail.ARN("aws", "us-east-1", account, "other"), ""
	a.Trails = append(a.Trails, other)
	for arn, want := range map[string][]string{
		a.Trails[0].Trail.ARN: {"trailctl.duplicates"},
		other.Trail.ARN:       {"CloudTrail.2", "trailctl.duplicates"},
	} {
		r, err := Evaluate(a, Options{Trail: arn})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range r.Findings {
			if f.ARN != "" && f.ARN != arn {
				t.Errorf("%s is judged, too", f.ARN)
			}
			if f.Result == Fail {
				got = append(got, f.Control.ID())
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s fails %v, want %v", arn, got, want)
		}
	}
}

func TestChoice(t *testing.T) {
	tests := []struct {
		o    Options
		want int
	}{
		{Options{Control: "CloudTrail.2"}, 1}, {Options{Control: "cloudtrail.2"}, 1}, {Options{Control: "cis-v1.4/3.7"}, 1},
		{Options{Control: "3.5"}, 1}, {Options{Control: "4.15"}, 1}, {Options{Control: "trailctl.logging"}, 1},
		{Options{Standard: CIS}, 27}, {Options{Standard: SecurityHub}, 29}, {Options{}, 37},
		{Options{Control: "CloudTrail.8"}, 0}, {Options{Control: "trailctl.logging", Standard: CIS}, 0}, {Options{Control: "cis-v3.0/9.9"}, 0},
	}
	for _, tt := range tests {
		r, err := Evaluate(clean(), tt.o)
		if (err != nil) != (tt.want == 0) || err != nil && !errors.Is(err, ErrControl) {
			t.Errorf("%+v: %v", tt.o, err)
		}
		if len(r.Findings) != tt.want {
			t.Errorf("%+v: %d findings, want %d", tt.o, len(r.Findings), tt.want)
		}
	}
}

func TestIDsAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Controls() {
		if (c.account == nil) == (c.trail == nil) {
			t.Errorf("%s has not exactly one judge", c.ID())
		}
		if len(c.Title) > 42 {
			t.Errorf("%s: the title %q does not fit into a table of 80 columns", c.ID(), c.Title)
		}
		for _, id := range c.IDs() {
			if seen[id] {
				t.Errorf("%s stands there twice", id)
			}
			seen[id] = true
		}
	}
	if !seen["cis-v3.0/3.9"] || seen["CloudTrail.8"] {
		t.Error("the list of controls is not the standards'")
	}
}

func TestWorstFirst(t *testing.T) {
	a := clean()
	a.Trails[0].Trail.LogFileValidation = false
	a.Trails[0].Facts.PublicPolicy, a.Trails[0].Bucket.Settings.PublicAccess = true, nil
	a.Trails[0].StatusErr = errors.New("denied")
	r, err := Evaluate(a, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if first := r.Findings[0].Control.ID(); first != "CloudTrail.6" {
		t.Errorf("first is %s", first)
	}
	last := Fail
	for _, f := range r.Findings {
		if rank(f.Result, Fail, Unknown, Pass, NotApplicable) < rank(last, Fail, Unknown, Pass, NotApplicable) {
			t.Errorf("%s (%s) comes after a %s", f.Control.ID(), f.Result, last)
		}
		last = f.Result
	}
}
