package describe

import (
	"maps"
	"slices"
	"strings"
)

// hidden is what AWS writes in a record in the place of a secret.
const hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"

// secretNames are members, in lower case, that hold secrets in whatever
// service they are. The service models mark more of them (facts.txt).
var secretNames = map[string]bool{
	"secretaccesskey": true, "secretkey": true, "sessiontoken": true, "securitytoken": true, "aws_secret_access_key": true,
	"aws_session_token": true, "accesstoken": true, "refreshtoken": true, "idtoken": true, "authtoken": true, "bearertoken": true,
	"oauthtoken": true, "authorizationtoken": true, "personalaccesstoken": true, "webidentitytoken": true, "samlassertion": true,
	"openidtoken": true, "authorizationcode": true, "authcode": true, "tokencode": true, "usercode": true, "devicesecret": true,
	"authenticationcode1": true, "authenticationcode2": true, "base32stringseed": true, "qrcodepng": true,
	"secret": true, "secretstring": true, "secretbinary": true, "secretvalue": true, "clientsecret": true,
	"consumersecret": true, "sharedsecret": true, "presharedkey": true, "psk": true, "apikey": true, "apisecret": true,
	"plaintext": true, "privatekeyplaintext": true, "ciphertextblob": true, "ciphertextforrecipient": true, "ciphertext": true,
	"privatekey": true, "privatekeypem": true, "sshprivatekey": true, "keymaterial": true, "encryptedkeymaterial": true,
	"importtoken": true, "private_key": true, "privatekeyciphertextblob": true,
	"authparameters": true, "authparametersforconnection": true, "challengeresponses": true, "clientmetadata": true, "secrethash": true,
	"userdata": true, "zipfile": true,
	"environmentvariables": true, "runtimeenvironmentvariables": true,
	"authorization": true, "x-amz-security-token": true,
}

// environments are the services in which a member of the name environment
// holds variables of the caller's, and not the name of a thing.
var environments = map[string]bool{"lambda": true, "ecs": true, "batch": true, "sagemaker": true, "emr-containers": true, "synthetics": true}

// secret tells whether the value of a member is not for records. Truth values
// and numbers about a secret are no secrets (PasswordResetRequired).
func (s shape) secret(name string, v any) bool {
	switch v := v.(type) {
	case nil, bool:
		return false
	case string:
		if v == "" {
			return false
		}
	}
	if _, ok := number(v); ok {
		return false
	}
	lower := strings.ToLower(name)
	switch {
	case secretNames[lower], s.facts.isSecret(lower):
		return true
	case lower == "environment", lower == "variables":
		return environments[s.service]
	case strings.Contains(lower, "password"), strings.Contains(lower, "passphrase"):
		return !aboutPassword(lower)
	}
	return false
}

// aboutPassword tells members that are about a password from those that hold
// one.
func aboutPassword(lower string) bool {
	for _, end := range []string{"policy", "arn", "lastused", "date", "id", "type", "name", "version", "status"} {
		if strings.HasSuffix(lower, end) {
			return true
		}
	}
	return false
}

// withoutContent hides in a call's parameters what it carries for others to
// read, and not for whoever runs the account: messages, records, items. What
// each service leaves out of its data events stands in its guide, in the
// chapter on CloudTrail.
func withoutContent(service, operation string, in map[string]any) map[string]any {
	if in == nil {
		return nil
	}
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

// content lists the members to hide by "signing-name Operation".
var content = map[string][]string{
	"sns Publish":             {"message", "subject", "messageAttributes"},
	"sns PublishBatch":        {"publishBatchRequestEntries"},
	"sns ConfirmSubscription": {"token"},
	"sqs SendMessage":         {"messageBody", "messageAttributes", "messageSystemAttributes"},
	"sqs SendMessageBatch":    {"entries"},

	"sqs ChangeMessageVisibilityBatch": {"entries"},
	"sqs DeleteMessageBatch":           {"entries"},

	"kinesis PutRecord":          {"data"},
	"kinesis PutRecords":         {"records"},
	"firehose PutRecord":         {"record"},
	"firehose PutRecordBatch":    {"records"},
	"events PutEvents":           {"entries"},
	"states StartExecution":      {"input"},
	"states StartSyncExecution":  {"input"},
	"states SendTaskSuccess":     {"output"},
	"states CreateStateMachine":  {"definition"},
	"states UpdateStateMachine":  {"definition"},
	"ssm PutParameter":           {"value"},
	"ssm SendCommand":            {"parameters"},
	"ssm StartSession":           {"parameters"},
	"kms Sign":                   {"message"},
	"kms Verify":                 {"message"},
	"kms GenerateMac":            {"message"},
	"kms VerifyMac":              {"message"},
	"ses SendEmail":              {"message", "content"},
	"ses SendRawEmail":           {"rawMessage"},
	"ses SendTemplatedEmail":     {"templateData"},
	"ses SendBulkEmail":          {"bulkEmailEntries", "defaultContent"},
	"apigateway CreateApiKey":    {"value"},
	"apigateway ImportApiKeys":   {"body"},
	"cloudformation CreateStack": {"templateBody", "parameters"},
	"cloudformation UpdateStack": {"templateBody", "parameters"},

	"cloudformation CreateChangeSet":  {"templateBody", "parameters"},
	"cloudformation ValidateTemplate": {"templateBody"},
	"monitoring PutMetricData":        {"metricData", "entityMetricData"},
	"xray PutTraceSegments":           {"traceSegmentDocuments"},
	"rds-data ExecuteStatement":       {"parameters"},
	"rds-data BatchExecuteStatement":  {"parameterSets"},
	"iotdata Publish":                 {"payload"},
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
			"requestItems", "transactItems", "parameters", "statements", "transactStatements":
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
