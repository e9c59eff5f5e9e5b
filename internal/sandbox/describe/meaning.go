package describe

import (
	"regexp"
	"strings"
	"unicode"
)

// readOnly tells operations that change nothing, by AWS's way of naming them.
// CloudTrail's readOnly has no list of its own; where a name says something
// else than the record does, the records in the services' guides decide.
func readOnly(service, operation string) bool {
	service = tableName(service)
	if known, ok := readOnlyElsewhere[service+" "+operation]; ok {
		return known
	}
	switch service {
	case "sts":
		return true // AssumeRole and the like too
	case "kms":
		if cryptographic(operation) {
			return true
		}
	}
	for _, verb := range readingVerbs {
		if begins(operation, verb) {
			return true
		}
	}
	return false
}

// readingVerbs begin the names of operations that change nothing.
var readingVerbs = []string{
	"Get", "List", "Describe", "Head", "Lookup", "Search", "Scan", "Query", "Check", "Validate", "Select", "Estimate", "Preview",
	"Simulate", "Count", "View", "Download", "Detect", "Compare", "Recognize", "Classify", "Contains", "Analyze", "Filter",
	"Discover", "Test", "Evaluate", "Retrieve", "Receive", "Is", "Find", "Calculate", "Predict", "Read", "Translate",
	"BatchGet", "BatchDescribe", "BatchList", "BatchCheck", "BatchDetect", "BatchIs", "TransactGet", "AdminGet", "AdminList",
}

// readOnlyElsewhere are the operations whose names say something else.
var readOnlyElsewhere = map[string]bool{
	"cloudformation DetectStackDrift":         false,
	"cloudformation DetectStackSetDrift":      false,
	"cloudformation DetectStackResourceDrift": false,
	"cloudformation TestType":                 false,
	"cognito-identity GetId":                  false, // makes the identity
	"elasticache TestFailover":                false,
	"elasticache TestMigration":               false,
	"iam GenerateCredentialReport":            true,
	"iam GenerateServiceLastAccessedDetails":  true,
	"kinesis SubscribeToShard":                true,
	"logs StartLiveTail":                      true,
	"logs StartQuery":                         true,
	"polly SynthesizeSpeech":                  true,
	"states GetActivityTask":                  false, // takes the task
}

// cryptographic are the operations of KMS that use a key: their records are
// read-only (KMS developer guide, "Logging AWS KMS API calls with AWS
// CloudTrail", has a record of each).
func cryptographic(operation string) bool {
	switch operation {
	case "Encrypt", "Decrypt", "ReEncrypt", "Sign", "Verify", "GenerateMac", "VerifyMac", "DeriveSharedSecret":
		return true
	}
	return strings.HasPrefix(operation, "GenerateDataKey") || operation == "GenerateRandom"
}

// begins tells whether a name begins with a whole word.
func begins(name, verb string) bool {
	rest, ok := strings.CutPrefix(name, verb)
	return ok && (rest == "" || !unicode.IsLower(rune(rest[0])))
}

// isData tells the operations that CloudTrail records as data events
// (CloudTrail user guide, "Logging data events", and the guides of the
// services that it lists), and those of the same kind that it does not record
// at all (EventBridge's PutEvents, Firehose's PutRecord, SimpleDB's items):
// neither kind is in the event history or in a trail's management events.
func isData(service, operation string) bool {
	service = tableName(service)
	switch service {
	case "iotdata", "iotdevicegateway", "rds-data", "runtime.sagemaker", "mediastore", "ssmmessages", "ec2messages":
		return true
	case "sagemaker":
		return begins(operation, "Invoke")
	}
	return dataEvents[service+" "+operation]
}

var dataEvents = wordSet(`
	lambda: Invoke InvokeAsync InvokeWithResponseStream
	dynamodb: GetItem PutItem UpdateItem DeleteItem BatchGetItem BatchWriteItem Query Scan TransactGetItems TransactWriteItems
		ExecuteStatement BatchExecuteStatement ExecuteTransaction GetRecords GetShardIterator
	sqs: SendMessage SendMessageBatch ReceiveMessage DeleteMessage DeleteMessageBatch ChangeMessageVisibility
		ChangeMessageVisibilityBatch
	sns: Publish PublishBatch
	kinesis: PutRecord PutRecords GetRecords GetShardIterator SubscribeToShard
	logs: PutLogEvents
	monitoring: PutMetricData GetMetricData GetMetricWidgetImage
	events: PutEvents
	firehose: PutRecord PutRecordBatch
	ses: SendEmail SendRawEmail SendTemplatedEmail SendBulkTemplatedEmail SendBulkEmail
	ebs: ListSnapshotBlocks ListChangedBlocks GetSnapshotBlock PutSnapshotBlock
	cognito-identity: GetCredentialsForIdentity GetId GetOpenIdToken GetOpenIdTokenForDeveloperIdentity UnlinkIdentity
	xray: PutTraceSegments PutTelemetryRecords GetTraceSummaries BatchGetTraces GetServiceGraph GetTraceGraph
		GetTimeSeriesServiceStatistics GetSamplingRules GetSamplingTargets GetSamplingStatisticSummaries
	appconfig: GetLatestConfiguration StartConfigurationSession GetConfiguration
	servicediscovery: DiscoverInstances DiscoverInstancesRevision GetInstancesHealthStatus
	timestream: WriteRecords Query PrepareQuery
	sdb: PutAttributes GetAttributes DeleteAttributes BatchPutAttributes BatchDeleteAttributes Select
	kinesisvideo: GetMedia PutMedia GetClip GetHLSStreamingSessionURL GetDASHStreamingSessionURL GetMediaForFragmentList ListFragments
`)

// wordSet reads "service: Operation Operation" as "service Operation".
func wordSet(text string) map[string]bool {
	set, service := map[string]bool{}, ""
	for _, word := range strings.Fields(text) {
		if name, ok := strings.CutSuffix(word, ":"); ok {
			service = name
			continue
		}
		set[service+" "+word] = true
	}
	return set
}

var apiDate = regexp.MustCompile(`^/(\d{4})-(\d{2})-(\d{2})/`)

// eventName is an operation's name as CloudTrail writes it. Lambda's control
// operations of up to 2018 carry the version of their API, which stands in their
// addresses, and some a second version (AWS Lambda developer guide, "Logging
// AWS Lambda API calls using AWS CloudTrail", lists them).
func eventName(service, operation, path string) string {
	date := apiDate.FindStringSubmatch(path)
	if service == "s3" && strings.HasSuffix(operation, "PublicAccessBlock") {
		// S3 Control's is the account's (S3 user guide, "Amazon S3 CloudTrail events").
		return strings.Replace(operation, "Public", "AccountPublic", 1)
	}
	if service != "lambda" || date == nil || isData(service, operation) {
		return operation
	}
	version := date[1] + date[2] + date[3]
	if version > "20181031" {
		return operation
	}
	switch operation {
	case "AddPermission", "RemovePermission", "UpdateFunctionCode", "UpdateFunctionConfiguration", "GetFunction", "GetFunctionConfiguration",
		"GetPolicy", "TagResource", "UntagResource":
		version += "v2"
	}
	return operation + version
}
