package cli

import (
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"trailctl/trail"
)

// trailOptions are what trail create and trail update say about a trail. Each
// flag also goes by the name that the AWS CLI has for it.
type trailOptions struct {
	name string

	allRegions, singleRegion     bool
	regions                      string
	bucket, prefix               string
	globalEvents, noGlobalEvents bool
	validation, noValidation     bool
	organization, noOrganization bool

	topic                             string
	logGroup, logGroupARN, logRole    string
	createLogGroup                    bool
	retention                         string
	kmsKey                            string
	updateKeyPolicy                   bool
	tags, tagsList, untag             cli.StringSlice
	notify                            bool
	notifyTopic, notifyName           string
	notifyEvents                      string
	notifyPrefix, notifySuffix        string
	acceptBucketRegion, skipBucketPol bool

	recording recordingOptions
	isSet     func(flag string) bool
}

func (o *trailOptions) flags() []cli.Flag {
	return joinFlags([]cli.Flag{nameFlag(&o.name)}, o.scopeFlags(), o.bucketFlags(), o.targetFlags(), recordingFlags(&o.recording), o.notifyFlags())
}

func (o *trailOptions) scopeFlags() []cli.Flag {
	const c = "Scope"
	return []cli.Flag{
		&cli.BoolFlag{Name: "all-regions", Category: c, Aliases: []string{"is-multi-region-trail"}, Usage: "record all regions (the default of create)", Destination: &o.allRegions},
		&cli.StringFlag{Name: "regions", Category: c, Usage: "record selected regions: a trail in each of the `REGIONS`, with commas between them; the bucket is made in the first, and one alone records global services: us-east-1, or else the first", Destination: &o.regions},
		&cli.BoolFlag{Name: "single-region", Category: c, Aliases: []string{"no-is-multi-region-trail"}, Usage: "record the trail's own region only", Destination: &o.singleRegion},
		&cli.BoolFlag{Name: "include-global-service-events", Category: c, Usage: "record global services such as IAM (the default)", Destination: &o.globalEvents},
		&cli.BoolFlag{Name: "no-include-global-service-events", Category: c, Usage: "do not; only without --all-regions", Destination: &o.noGlobalEvents},
		&cli.BoolFlag{Name: "organization", Category: c, Aliases: []string{"is-organization-trail"}, Usage: "record all accounts of the organization, and let CloudTrail work in it; from its management account", Destination: &o.organization},
		&cli.BoolFlag{Name: "no-organization", Category: c, Aliases: []string{"no-is-organization-trail"}, Usage: "record this account only", Destination: &o.noOrganization},
	}
}

func (o *trailOptions) bucketFlags() []cli.Flag {
	const c = "Bucket"
	return []cli.Flag{
		&cli.StringFlag{Name: "bucket", Category: c, Aliases: []string{"s3-bucket-name"}, Usage: "`BUCKET` that receives the log files (default: aws-cloudtrail-logs-ACCOUNT-HASH, where HASH follows from the name)", Destination: &o.bucket},
		&cli.StringFlag{Name: "prefix", Category: c, Aliases: []string{"s3-key-prefix"}, Usage: "`PREFIX` of their keys, before AWSLogs/", Destination: &o.prefix},
		&cli.BoolFlag{Name: "enable-log-file-validation", Category: c, Usage: "deliver signed digest files (the default of create)", Destination: &o.validation},
		&cli.BoolFlag{Name: "no-log-file-validation", Category: c, Aliases: []string{"no-enable-log-file-validation"}, Usage: "deliver no digest files", Destination: &o.noValidation},
		&cli.StringFlag{Name: "kms-key", Category: c, Aliases: []string{"kms-key-id"}, Usage: "encrypt log files with this `KEY`: an id, alias/NAME or ARN, in the bucket's region; \"\" ends it", Destination: &o.kmsKey},
		&cli.BoolFlag{Name: "update-key-policy", Category: c, Usage: "add to the key's policy what CloudTrail needs", Destination: &o.updateKeyPolicy},
		&cli.BoolFlag{Name: "accept-bucket-region", Category: c, Usage: "take a bucket in another region than the trail's", Destination: &o.acceptBucketRegion},
		&cli.BoolFlag{Name: "skip-bucket-policy", Category: c, Usage: "leave the bucket's policy to its owner, for a bucket of another account", Destination: &o.skipBucketPol},
	}
}

func (o *trailOptions) targetFlags() []cli.Flag {
	const c = "CloudWatch Logs, SNS, tags"
	return []cli.Flag{
		&cli.StringFlag{Name: "log-group", Category: c, Usage: "also send events to this CloudWatch Logs `GROUP`, a name or ARN; it must exist in the trail's region; \"\" ends it", Destination: &o.logGroup},
		&cli.StringFlag{Name: "cloud-watch-logs-log-group-arn", Category: c, Usage: "the same, by its `ARN`", Destination: &o.logGroupARN},
		&cli.BoolFlag{Name: "create-log-group", Category: c, Usage: "create the group when it is missing", Destination: &o.createLogGroup},
		&cli.StringFlag{Name: "retention", Category: c, Usage: "keep the group's events for `DAYS`: 1, 3, 5, 7, 14, 30, 60, 90, ... 3653, or \"never\" to delete none", Destination: &o.retention},
		&cli.StringFlag{Name: "log-group-role", Category: c, Aliases: []string{"cloud-watch-logs-role-arn"}, Usage: "the `ROLE` with which CloudTrail writes there, a name or ARN (default: CloudTrail-CloudWatchLogs-NAME, made for it)", Destination: &o.logRole},
		&cli.StringFlag{Name: "sns-topic", Category: c, Aliases: []string{"sns-topic-name"}, Usage: "announce log files to this SNS `TOPIC`, a name or ARN; created when missing; \"\" ends it", Destination: &o.topic},
		&cli.StringSliceFlag{Name: "tag", Category: c, Usage: "tag the trail with `KEY=VALUE`; may be given several times", Destination: &o.tags},
		&cli.StringSliceFlag{Name: "tags-list", Category: c, Usage: "the same, as `Key=KEY,Value=VALUE`", Destination: &o.tagsList},
		&cli.StringSliceFlag{Name: "remove-tag", Category: c, Usage: "take the tag `KEY` away; may be given several times", Destination: &o.untag},
	}
}

func (o *trailOptions) notifyFlags() []cli.Flag {
	const c = "S3 event notification"
	return []cli.Flag{
		&cli.BoolFlag{Name: "notify", Category: c, Usage: "let S3 announce new objects of the bucket, to the topic of --sns-topic", Destination: &o.notify},
		&cli.StringFlag{Name: "notify-topic", Category: c, Usage: "to this `TOPIC` instead, a name or ARN in the bucket's region; created when missing", Destination: &o.notifyTopic},
		&cli.StringFlag{Name: "notify-name", Category: c, Usage: "`NAME` of the notification (default: trailctl-TOPIC)", Destination: &o.notifyName},
		&cli.StringFlag{Name: "notify-events", Category: c, Usage: "`EVENTS` to announce, with commas between them (default: s3:ObjectCreated:*)", Destination: &o.notifyEvents},
		&cli.StringFlag{Name: "notify-prefix", Category: c, Usage: "only of objects whose key begins with `PREFIX`", Destination: &o.notifyPrefix},
		&cli.StringFlag{Name: "notify-suffix", Category: c, Usage: "only of objects whose key ends in `SUFFIX`", Destination: &o.notifySuffix},
	}
}

// apply turns the flags into what is asked of the trail, over what s says.
func (o *trailOptions) apply(s *trail.Spec) error {
	if err := o.contradictions(); err != nil {
		return err
	}
	s.Name, s.Bucket = o.name, o.bucket
	s.AcceptBucketRegion, s.SkipBucketPolicy = o.acceptBucketRegion, o.skipBucketPol
	s.CreateLogGroup, s.LogRole, s.UpdateKeyPolicy = o.createLogGroup, o.logRole, o.updateKeyPolicy
	for _, text := range []struct {
		flag  string
		value *string
		to    **string
	}{
		{"prefix", &o.prefix, &s.Prefix}, {"sns-topic", &o.topic, &s.Topic}, {"kms-key", &o.kmsKey, &s.KMSKey},
		{"log-group", &o.logGroup, &s.LogGroup}, {"cloud-watch-logs-log-group-arn", &o.logGroupARN, &s.LogGroup},
	} {
		if o.isSet(text.flag) {
			*text.to = text.value
		}
	}
	for _, pair := range []struct {
		yes, no bool
		to      **bool
	}{
		{o.allRegions, o.singleRegion, &s.AllRegions}, {o.globalEvents, o.noGlobalEvents, &s.GlobalServiceEvents},
		{o.validation, o.noValidation, &s.LogFileValidation}, {o.organization, o.noOrganization, &s.Organization},
	} {
		if pair.yes || pair.no {
			*pair.to = &pair.yes
		}
	}
	if err := o.applyRegions(s); err != nil {
		return err
	}
	if err := o.applyRetention(s); err != nil {
		return err
	}
	if err := o.applyTags(s); err != nil {
		return err
	}
	o.applyNotify(s)
	return o.recording.apply(s)
}

func (o *trailOptions) contradictions() error {
	for _, pair := range []struct {
		a, b bool
		text string
	}{
		{o.allRegions, o.singleRegion, "--all-regions and --single-region"},
		{o.allRegions, o.isSet("regions"), "--all-regions and --regions"},
		{o.globalEvents, o.noGlobalEvents, "--include-global-service-events and --no-include-global-service-events"},
		{o.validation, o.noValidation, "--enable-log-file-validation and --no-log-file-validation"},
		{o.organization, o.noOrganization, "--organization and --no-organization"},
		{o.isSet("log-group"), o.isSet("cloud-watch-logs-log-group-arn"), "--log-group and --cloud-watch-logs-log-group-arn"},
	} {
		if pair.a && pair.b {
			return usagef("%s contradict each other", pair.text)
		}
	}
	if o.skipBucketPol && o.bucket == "" {
		return usagef("--skip-bucket-policy needs --bucket")
	}
	return nil
}

func (o *trailOptions) applyRegions(s *trail.Spec) error {
	if !o.isSet("regions") {
		return nil
	}
	for r := range strings.SplitSeq(o.regions, ",") {
		r = strings.TrimSpace(r)
		if err := checkRegion(r); err != nil {
			return err
		}
		s.Regions = append(s.Regions, r)
	}
	// The first is where the bucket is made and where --region is not needed.
	s.Region = s.Regions[0]
	return nil
}

func (o *trailOptions) applyRetention(s *trail.Spec) error {
	if !o.isSet("retention") {
		return nil
	}
	var days int64
	if o.retention != "never" {
		var err error
		if days, err = strconv.ParseInt(o.retention, 10, 32); err != nil || days <= 0 {
			return usagef("--retention %s: a number of days, or never", o.retention)
		}
	}
	n := int32(days)
	s.Retention = &n
	return nil
}

func (o *trailOptions) applyTags(s *trail.Spec) error {
	tags := map[string]string{}
	add := func(k, v string) error {
		if _, twice := tags[k]; twice {
			return usagef("tag %s is given twice", k)
		}
		tags[k] = v
		return nil
	}
	for _, t := range o.tags.Value() {
		k, v, ok := strings.Cut(t, "=")
		if !ok || k == "" {
			return usagef("--tag %s: it takes KEY=VALUE", t)
		}
		if err := add(k, v); err != nil {
			return err
		}
	}
	for _, t := range o.tagsList.Value() {
		k, v, err := awsTag(t)
		if err != nil {
			return err
		}
		if err := add(k, v); err != nil {
			return err
		}
	}
	if len(tags) > 0 {
		s.Tags = tags
	}
	s.RemoveTags = o.untag.Value()
	return nil
}

// awsTag reads the AWS CLI's short way to write a tag. The value may hold
// commas.
func awsTag(text string) (key, value string, err error) {
	k, ok := strings.CutPrefix(text, "Key=")
	k, v, _ := strings.Cut(k, ",")
	if v != "" && !strings.HasPrefix(v, "Value=") {
		ok = false
	}
	if !ok || k == "" {
		return "", "", usagef("--tags-list %s: it takes Key=KEY,Value=VALUE", text)
	}
	return k, strings.TrimPrefix(v, "Value="), nil
}

func (o *trailOptions) applyNotify(s *trail.Spec) {
	asked := o.notify
	for _, f := range []string{"notify-topic", "notify-name", "notify-events", "notify-prefix", "notify-suffix"} {
		asked = asked || o.isSet(f)
	}
	if !asked {
		return
	}
	s.Notify = &trail.Notify{Topic: o.notifyTopic, Name: o.notifyName, Prefix: o.notifyPrefix, Suffix: o.notifySuffix}
	for e := range strings.SplitSeq(o.notifyEvents, ",") {
		if e = strings.TrimSpace(e); e != "" {
			s.Notify.Events = append(s.Notify.Events, e)
		}
	}
}
