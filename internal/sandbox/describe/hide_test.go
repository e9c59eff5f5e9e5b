package describe

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

const formContent = "application/x-www-form-urlencoded"

// TestSecretsOfServices lets calls pass that carry "hunter2" where a service's
// own interface has a place for a secret, or for what is none of the account's
// business.
func TestSecretsOfServices(t *testing.T) {
	rows := []struct {
		service string
		ask     string // "Action" or "Prefix.Target" of services that name the operation; else "METHOD /address"
		body    string
		answer  string
	}{
		{"sqs", "SendMessage", "MessageBody=hunter2&MessageAttribute.1.Name=n&MessageAttribute.1.Value.StringValue=hunter2", ""},
		{"sqs", "SendMessage", "MessageSystemAttribute.1.Name=n&MessageSystemAttribute.1.Value.StringValue=hunter2", ""},
		{"sqs", "SendMessageBatch", "SendMessageBatchRequestEntry.1.Id=a&SendMessageBatchRequestEntry.1.MessageBody=hunter2", ""},
		{"sqs", "SendMessageBatch", "SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue=hunter2", ""},
		{"sqs", "DeleteMessageBatch", "DeleteMessageBatchRequestEntry.1.ReceiptHandle=hunter2", ""},
		{"sqs", "ChangeMessageVisibilityBatch", "ChangeMessageVisibilityBatchRequestEntry.1.ReceiptHandle=hunter2", ""},
		{"sns", "CreatePlatformApplication", "Attributes.entry.1.key=PlatformCredential&Attributes.entry.1.value=hunter2", ""},
		{"sns", "Subscribe", "Protocol=https&Endpoint=https%3A%2F%2Fuser%3Ahunter2%40host%2F", ""},
		{"sns", "Subscribe", "Protocol=https&Endpoint=https%3A%2F%2Fhost%2F%3Fa%3Db%26access_token%3Dhunter2", ""},
		{"ses", "SendBulkTemplatedEmail", "Destinations.member.1.ReplacementTemplateData=hunter2&DefaultTemplateData=hunter2", ""},
		{"email", "SendEmail", "Message.Body.Text.Data=hunter2", ""},
		{"email", "SendRawEmail", "RawMessage.Data=hunter2", ""},
		{"EMAIL", "SendRawEmail", "RawMessage.Data=hunter2", ""},
		{"cloudformation", "CreateStackSet", "TemplateBody=hunter2&Parameters.member.1.ParameterKey=A&Parameters.member.1.ParameterValue=hunter2", ""},
		{"cloudformation", "CreateStackInstances", "ParameterOverrides.member.1.ParameterKey=A&ParameterOverrides.member.1.ParameterValue=hunter2", ""},
		{"cloudformation", "EstimateTemplateCost", "Parameters.member.1.ParameterKey=A&Parameters.member.1.ParameterValue=hunter2", ""},
		{"elasticbeanstalk", "UpdateEnvironment", "OptionSettings.member.1.OptionName=A&OptionSettings.member.1.Value=hunter2", ""},
		{"rds", "CopyDBSnapshot", "PreSignedUrl=https%3A%2F%2Fx%2F%3FX-Amz-Signature%3Dhunter2", ""},
		{"ec2", "ModifyInstanceAttribute", "Attribute=userData&Value=hunter2", ""},
		{"ec2", "ModifyInstanceAttribute", "UserData.Value=hunter2", ""},
		{"ssm", "AmazonSSM.CreateActivation", `{"IamRole":"a"}`, `{"ActivationId":"x","ActivationCode":"hunter2"}`},
		{"ssm", "AmazonSSM.StartSession", `{"Target":"a"}`, `{"TokenValue":"hunter2","StreamUrl":"wss://x/hunter2"}`},
		{"firehose", "Firehose_20150804.CreateDeliveryStream", `{"SplunkDestinationConfiguration":{"HECToken":"hunter2"}}`, ""},
		{"dynamodb", "DynamoDB_20120810.ExecuteStatement", `{"Statement":"INSERT INTO t VALUE {'a':'hunter2'}"}`, ""},
		{"redshift-data", "RedshiftData.ExecuteStatement", `{"Sql":"create user a password 'hunter2'"}`, ""},
		{"redshift-data", "RedshiftData.BatchExecuteStatement", `{"Sqls":["create user a password 'hunter2'"]}`, ""},
		{"cognito-idp", "AWSCognitoIdentityProviderService.CreateIdentityProvider", `{"ProviderDetails":{"client_id":"a","client_secret":"hunter2"}}`, ""},
		{"cognito-idp", "AWSCognitoIdentityProviderService.ConfirmSignUp", `{"ConfirmationCode":"hunter2"}`, ""},
		{"cognito-idp", "AWSCognitoIdentityProviderService.VerifyUserAttribute", `{"Code":"hunter2"}`, ""},
		{"codebuild", "CodeBuild_20161006.StartBuild", `{"environmentVariablesOverride":[{"name":"P","value":"hunter2"}]}`, ""},
		{"codepipeline", "CodePipeline_20150709.PutWebhook", `{"webhook":{"authenticationConfiguration":{"SecretToken":"hunter2"}}}`, ""},
		{"states", "AWSStepFunctions.SendTaskFailure", `{"taskToken":"hunter2"}`, ""},
		{"transfer", "TransferService.CreateServer", `{"HostKey":"hunter2"}`, ""},
		{"lightsail", "Lightsail_20161128.CreateKeyPair", `{}`, `{"privateKeyBase64":"hunter2"}`},
		{"opsworks", "OpsWorks_20130218.CreateStack", `{"CustomCookbooksSource":{"SshKey":"hunter2"}}`, ""},
		{"sagemaker", "SageMaker.CreatePresignedNotebookInstanceUrl", `{"NotebookInstanceName":"a"}`, `{"AuthorizedUrl":"https://x/?a=hunter2"}`},
		{"events", "AWSEvents.PutTargets", `{"Targets":[{"Input":"hunter2"},{"HttpParameters":{"HeaderParameters":{"a":"hunter2"}}}]}`, ""},
		{"nobody", "Nobody.MakeThing", `{"a":[{"DB_Pass-Word":"hunter2","my-private_key":["hunter2"],"LoginCredentials":"hunter2","join_TOKEN":"hunter2"}]}`, ""},
		{"nobody", "Nobody.MakeThing", `{"settings":[{"key":"DB_PASSWORD","value":"hunter2"},{"Name":"apiToken","Value":{"S":"hunter2"}}]}`, ""},
		{"nobody", "Nobody.MakeThing", `{"list":["postgres://me:hunter2@db/x"],"tags":{"where":"redis://:hunter2@db"}}`, ""},
		{"nobody", "Nobody.MakeThing", `{"loginTokens":[{"a":1},"hunter2"],"dsn":{"pwd":"hunter2"}}`, ""},
		{"nobody", "Nobody.MakeThing", `{"k-e-y":"DB_PASSWORD","key":"a","value":["hunter2"]}`, ""},
		{"apigateway", "POST /domainnames", `{"domainName":"a","certificatePrivateKey":"hunter2"}`, ""},
		{"apigateway", "PATCH /apikeys/a", `{"patchOperations":[{"op":"replace","path":"/value","value":"hunter2"}]}`, `{"id":"a","value":"hunter2"}`},
		{"apigateway", "POST /restapis/a/resources/b/methods/GET", `{"headers":{"X":"hunter2"},"body":"hunter2"}`, ""},
		{"apigateway", "POST /restapis/a/stages", `{"variables":{"a":"hunter2"}}`, ""},
		{"apigateway", "PATCH /restapis/a/stages/b", `{"patchOperations":[{"op":"replace","path":"/variables/a","value":"hunter2"}]}`, ""},
		{"mobiletargeting", "PUT /v1/apps/a/channels/apns", `{"TokenKey":"hunter2"}`, ""},
		{"mobiletargeting", "PUT /v1/apps/a/channels/gcm", `{"ServiceJson":"hunter2"}`, ""},
		{"scheduler", "POST /schedules/a", `{"Target":{"Input":"hunter2"}}`, ""},
		{"lambda", "GET /2015-03-31/functions?x-amz-signature=hunter2&X-AMZ-Security-Token=hunter2", "", ""},
		{"lambda", "GET /2015-03-31/functions?AWSAccessKeyId=a&Signature=hunter2", "", ""},
		{"s3", "GET /bucket/key?awsaccesskeyid=a&SIGNATURE=hunter2&x-amz-Security-token=hunter2", "", ""},
		{"sts", "GET /?Action=GetCallerIdentity&x-amz-signature=hunter2&signature=hunter2&securitytoken=hunter2", "", ""},
	}
	for _, row := range rows {
		method, address, header, body := "POST", "/", map[string]string{}, row.body
		switch {
		case strings.Contains(row.ask, " "):
			method, address, _ = strings.Cut(row.ask, " ")
			if row.service == "sts" {
				header["Content-Type"] = formContent
			}
		case strings.Contains(row.ask, "."):
			header["X-Amz-Target"] = row.ask
		default:
			header["Content-Type"], body = formContent, "Action="+row.ask+"&"+row.body
		}
		c, f := newCall(row.service, method, "http://127.0.0.1"+address, header)
		Request(c, f, Part{Bytes: []byte(body)})
		Answer(c, f, 200, http.Header{}, Part{Bytes: []byte(row.answer)})
		got := recorded(c)
		if strings.Contains(got, "hunter2") || strings.Contains(got, "Unknown") {
			t.Errorf("%s %s:\n%s", row.service, row.ask, got)
		}
		if c.RequestParameters["omitted"] != nil || method == "POST" && !strings.Contains(got, hidden) {
			t.Errorf("%s %s is not described:\n%s", row.service, row.ask, got)
		}
	}
}

// TestNamesAboutSecrets sees that a record keeps what is about a secret, or
// only has a name like one's.
func TestNamesAboutSecrets(t *testing.T) {
	const text = `{"nextToken":"a","NextPageToken":"b","clientRequestToken":"c","ClientToken":"d","idempotencyToken":"e",
		"continuationToken":"f","secretId":"g","secretName":"h","secretArn":"arn:aws:secretsmanager:x","credentialsParameter":"arn:aws:ssm:x",
		"passwordPolicy":{"minimumLength":8,"requireSymbols":true,"temporaryPasswordValidityDays":7},"tokenType":"k","httpTokens":"required",
		"passwordReusePrevention":3,"manageMasterUserPassword":true,"masterUserSecretKmsKeyId":"m","accessKeyId":"n","passwordLastUsed":"never",
		"credentials":{"accessKeyId":"o","expiration":"p"},"secrets":[{"name":"q","valueFrom":"arn:aws:ssm:y"}],
		"filters":[{"name":"state","values":["r"]},{"name":"secretId","value":"s"},{"name":"password","value":true}],"serviceSpecificCredentialId":"u",
		"address":"https://host:443/a?next=1#b","mail":"me:you@host","tokenizer":"standard"}`
	c, f := newCall("nobody", "POST", "http://127.0.0.1/", map[string]string{"X-Amz-Target": "Nobody.MakeThing"})
	Request(c, f, Part{Bytes: []byte(text)})
	var want map[string]any
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatal(err)
	}
	for name, v := range want {
		if got := asJSON(t, c.RequestParameters[lowerFirst(name)]); got != asJSON(t, v) {
			t.Errorf("%s is %s", name, got)
		}
	}
	if len(c.RequestParameters) != len(want) {
		t.Errorf("%d members of %d", len(c.RequestParameters), len(want))
	}
}

func TestAddressesWithoutSecrets(t *testing.T) {
	rows := map[string]string{
		"https://u:p@h/":                         "https://u:" + hidden + "@h/",
		"see https://u:p@h/ and redis://:p@h":    "see https://u:" + hidden + "@h/ and redis://:" + hidden + "@h",
		"https://h/?a=1&X-Amz-Signature=f00&b=2": "https://h/?a=1&X-Amz-Signature=" + hidden + "&b=2",
		"https://h/?authToken=f00#x":             "https://h/?authToken=" + hidden + "#x",
		"https://h:80/p@q":                       "https://h:80/p@q",
		"https://h/?a=1":                         "https://h/?a=1",
		"a:b@c?token=d":                          "a:b@c?token=d",
	}
	for in, want := range rows {
		if got := withoutSecrets(in); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}
