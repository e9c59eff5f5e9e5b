package describe

import (
	"maps"
	"slices"
	"strings"
)

// withoutContent hides in a call's parameters what it carries for others to
// read, and not for whoever runs the account: messages, records, items. What
// each service leaves out of its data events stands in its guide, in the
// chapter on CloudTrail.
func withoutContent(service, operation string, in map[string]any) map[string]any {
	if in == nil {
		return nil
	}
	service = tableName(service)
	if service == "dynamodb" {
		return withoutItems(in)
	}
	for _, name := range content[service+" "+operation] {
		if _, ok := in[name]; ok {
			in[name] = hidden
		}
	}
	if operation == "PutLogEvents" { // as the sandbox's own log groups
		delete(in, "logEvents")
	}
	return in
}

// contents are the members, in their plain form, that hold in whatever
// operation of a service and however deep what withoutContent hides.
var contents = map[string]map[string]bool{
	"sqs": setOf(strings.Fields(`messagebody messageattribute messageattributes messagesystemattribute messagesystemattributes
		sendmessagebatchrequestentry deletemessagebatchrequestentry changemessagevisibilitybatchrequestentry`)),
	"ses":              setOf(strings.Fields("rawmessage templatedata defaulttemplatedata replacementtemplatedata bulkemailentries")),
	"cloudformation":   setOf(strings.Fields("templatebody parameters parameteroverrides")),
	"elasticbeanstalk": setOf(strings.Fields("optionsettings")),
	"ssm":              setOf(strings.Fields("parameters taskparameters streamurl")),
	"athena":           setOf(strings.Fields("querystring")),
	"redshift-data":    setOf(strings.Fields("sql sqls")),
	"rds-data":         setOf(strings.Fields("sql sqlstatements")),
	"events":           setOf(strings.Fields("input inputtemplate headerparameters querystringparameters")),
	"scheduler":        setOf(strings.Fields("input")),
	"pipes":            setOf(strings.Fields("inputtemplate headerparameters querystringparameters")),
	"apigateway":       setOf(strings.Fields("stagevariables stagevariableoverrides")),
	"cognito-idp":      setOf(strings.Fields("code")),
}

// content lists the members to hide by "signing-name Operation".
var content = map[string][]string{
	"sns Publish":             {"message", "subject", "messageAttributes"},
	"sns PublishBatch":        {"publishBatchRequestEntries"},
	"sns ConfirmSubscription": {"token"},
	"sqs SendMessage":         {"messageBody", "messageAttributes", "messageSystemAttributes"},
	"sqs SendMessageBatch":    {"entries"},

	"sqs ChangeMessageVisibilityBatch": {"entries"},
	"sqs DeleteMessageBatch":           {"entries"},

	"kinesis PutRecord":         {"data"},
	"kinesis PutRecords":        {"records"},
	"firehose PutRecord":        {"record"},
	"firehose PutRecordBatch":   {"records"},
	"events PutEvents":          {"entries"},
	"states StartExecution":     {"input"},
	"states StartSyncExecution": {"input"},
	"states SendTaskSuccess":    {"output"},
	"states CreateStateMachine": {"definition"},
	"states UpdateStateMachine": {"definition"},
	"ssm PutParameter":          {"value"},
	"kms Sign":                  {"message"},
	"kms Verify":                {"message"},
	"kms GenerateMac":           {"message"},
	"kms VerifyMac":             {"message"},
	"ses SendEmail":             {"message", "content"},
	"ses SendBulkEmail":         {"defaultContent"},
	"apigateway CreateApiKey":   {"value"},
	"apigateway ImportApiKeys":  {"body"},
	"apigateway UpdateApiKey":   {"value", "patchOperations"},

	"apigateway TestInvokeMethod":     {"headers", "multiValueHeaders", "body", "pathWithQueryString"},
	"apigateway TestInvokeAuthorizer": {"headers", "multiValueHeaders", "body", "pathWithQueryString"},

	"monitoring PutMetricData":       {"metricData", "entityMetricData"},
	"xray PutTraceSegments":          {"traceSegmentDocuments"},
	"rds-data ExecuteStatement":      {"parameters"},
	"rds-data BatchExecuteStatement": {"parameterSets"},
	"iotdata Publish":                {"payload"},
}

// withoutItems leaves of DynamoDB's items the names of their attributes, and
// hides the values of expressions. Attributes that are no keys have no values
// in DynamoDB's records (DynamoDB developer guide, "Understanding log file
// entries"); which are keys is not known here, but for the member Key.
func withoutItems(in map[string]any) map[string]any {
	for name, v := range in {
		switch name {
		case "item":
			if item, ok := v.(map[string]any); ok {
				in[name] = slices.Sorted(maps.Keys(item))
			}
		case "key", "exclusiveStartKey":
			if key, ok := v.(map[string]any); ok {
				in[name] = plainKey(key)
			}
		case "expressionAttributeValues", "attributeUpdates", "expected", "keyConditions", "queryFilter", "scanFilter",
			"statement", "requestItems", "transactItems", "parameters", "statements", "transactStatements":
			in[name] = hidden
		}
	}
	return in
}

// plainKey is an item's key without the types of its values.
func plainKey(key map[string]any) map[string]any {
	out := make(map[string]any, len(key))
	for name, v := range key {
		out[name] = v
		if typed, ok := v.(map[string]any); ok && len(typed) == 1 {
			for _, inner := range typed {
				out[name] = inner
			}
		}
	}
	return out
}
