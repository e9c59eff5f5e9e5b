package trail

import (
	"cmp"
	"slices"
	"strings"
)

// The resource types that basic selectors know, too.
const (
	s3Object       = "AWS::S3::Object"
	lambdaFunction = "AWS::Lambda::Function"
	dynamoTable    = "AWS::DynamoDB::Table"
)

// ResourceType is a kind of resource that data events are recorded for.
type ResourceType struct {
	Name  string // "AWS::Lambda::Function"
	Short string // "lambda"
	// service is the one in the type's ARNs; "" when these are not known to
	// name region and account.
	service string
}

// arnPrefix is how the ARNs of an account's resources in a region begin. The
// kind of resource is left out: a selector's resources.type says it.
func (t ResourceType) arnPrefix(a Account, region string) string {
	return "arn:" + a.Partition + ":" + t.service + ":" + region + ":" + a.ID + ":"
}

// Owned tells whether a recording can be narrowed to an account's own
// resources of the type.
func (t ResourceType) Owned() bool { return t.service != "" || t.Name == s3Object }

// has tells whether an ARN, or how one begins, can be of the type; false when
// the type's ARNs are not known. Those of S3 objects have neither region nor
// account in them, those of access points have.
func (t ResourceType) has(arn string) bool {
	parts := strings.SplitN(arn, ":", 6)
	if t.Name == s3Object {
		return parts[2] == "s3" && parts[3] == ""
	}
	return parts[2] == t.service && (t.service != "s3" || parts[3] != "")
}

// LookUpType finds a type by its short name or by its whole one. A whole name
// that is not known is taken as it is: new types come all the time.
func LookUpType(name string) (t ResourceType, known, ok bool) {
	for _, t := range ResourceTypes() {
		if strings.EqualFold(t.Name, name) || strings.EqualFold(t.Short, name) || strings.EqualFold(derivedName(t.Name), name) {
			return t, true, true
		}
	}
	return ResourceType{Name: name, Short: derivedName(name)}, false, typePattern.MatchString(name)
}

// derivedName makes "bedrock-agentalias" of "AWS::Bedrock::AgentAlias".
func derivedName(name string) string {
	service, resource, _ := strings.Cut(strings.TrimPrefix(name, "AWS::"), "::")
	return strings.ToLower(service + "-" + resource)
}

// ResourceTypes are the types that data events can be recorded for (CloudTrail
// user guide, "Data events supported by AWS CloudTrail"), by short name.
func ResourceTypes() []ResourceType {
	nicks := nicknames()
	var list []ResourceType
	for line := range strings.Lines(typeTable) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		service := strings.Trim(words[1], "-")
		for _, resource := range words[2:] {
			name := "AWS::" + words[0] + "::" + resource
			list = append(list, ResourceType{Name: name, Short: cmp.Or(nicks[name], derivedName(name)), service: service})
		}
	}
	slices.SortFunc(list, func(a, b ResourceType) int { return strings.Compare(a.Short, b.Short) })
	return list
}

// nicknames are short names for the types that people meet most.
func nicknames() map[string]string {
	return map[string]string{
		s3Object: "s3", lambdaFunction: "lambda", dynamoTable: "dynamodb",
		"AWS::AppConfig::Configuration":         "appconfig",
		"AWS::AppSync::GraphQLApi":              "appsync",
		"AWS::Cassandra::Table":                 "keyspaces",
		"AWS::Cognito::IdentityPool":            "cognito",
		"AWS::DSQL::Cluster":                    "dsql",
		"AWS::EC2::Snapshot":                    "ebs",
		"AWS::Glue::Table":                      "glue",
		"AWS::GuardDuty::Detector":              "guardduty",
		"AWS::Kinesis::Stream":                  "kinesis",
		"AWS::KinesisFirehose::DeliveryStream":  "firehose",
		"AWS::RDS::DBCluster":                   "rds-data",
		"AWS::S3::AccessPoint":                  "s3-access-point",
		"AWS::S3Express::Object":                "s3-express",
		"AWS::S3Outposts::Object":               "s3-outposts",
		"AWS::SNS::Topic":                       "sns",
		"AWS::SQS::Queue":                       "sqs",
		"AWS::SSM::ManagedNode":                 "ssm",
		"AWS::StepFunctions::StateMachine":      "stepfunctions",
		"AWS::SWF::Domain":                      "swf",
		"AWS::VerifiedPermissions::PolicyStore": "verifiedpermissions",
		"AWS::XRay::Trace":                      "xray",
	}
}

// typeTable has on each line a namespace, the service in the ARNs of the types
// that follow, and these. The service is "-" where ARNs lack region or account
// (EBS snapshots, CloudFront, policy stores), where there are none, or where
// the service authorization reference does not settle it.
const typeTable = `
AgentAccessMCP - Tools
AgentRegistry - Registry
AIDevOps - AgentSpace Association OperatorAppTeam PipelineMetadata Service
AIOps - InvestigationGroup
AOSS - Collection
AppConfig appconfig Configuration
ApplicationSignals - InstrumentationConfig
AppSync appsync GraphQLApi
AWSExternalAnthropic - Workspace
B2BI b2bi Transformer
Backup - BackupAccessPoint SearchJob
Bedrock bedrock AgentAlias AsyncInvoke FlowAlias Guardrail KnowledgeBase PromptVersion Session
Bedrock - AdvancedOptimizePromptJob AutomatedReasoningPolicy AutomatedReasoningPolicyVersion Blueprint
Bedrock - DataAutomationInvocation DataAutomationProfile DataAutomationProject FlowExecution InlineAgent Model Tool
BedrockAgentCore - ABTest APIKeyCredentialProvider BatchEvaluate Browser BrowserCustom BrowserProfile CapacityProvider
BedrockAgentCore - CodeInterpreter CodeInterpreterCustom Evaluator Gateway Memory OAuth2CredentialProvider Payments
BedrockAgentCore - Policy PolicyEngine Recommendation Registry Runtime RuntimeEndpoint TokenVault
BedrockAgentCore - WorkloadIdentity WorkloadIdentityDirectory
BedrockMantle - Project
BedrockWebSearch - Tool
Cassandra cassandra Stream Table
CertificateManager - AcmeEndpoint
ClinicalTrialsTech - Codelist Dataset Execution Instance Mapping Schedule Study
CloudFront - KeyValueStore
CloudOptimization - Profile Recommendation
CloudTrail cloudtrail Channel
CloudWatch - Dataset IngestionEndpoint Metric
CodeGuruProfiler - ProfilingGroup
CodeWhisperer codewhisperer Customization Profile
Cognito cognito-identity IdentityPool
DataExchange - Asset
Deadline deadline Fleet Job Queue Worker
DiodeAlerting - LinkedAlert
DSQL dsql Cluster
DynamoDB dynamodb Stream Table
EC2 ec2 InstanceConnectEndpoint
EC2 - Snapshot
ECS ecs ContainerInstance
EKS - Dashboard
EMRWAL emrwal Workspace
Events - Endpoint EventBus EventSource Rule
FinSpace finspace Environment
FSx fsx Volume
GameLiftStreams gameliftstreams Application StreamGroup
GeoMaps - Provider
GeoPlaces - Provider
GeoRoutes - Provider
Glue glue Table
GreengrassV2 greengrass ComponentVersion Deployment
GuardDuty guardduty Detector
GuardDuty - MalwareScan
HealthAgent - Domain Integration PatientInsightsJob Session Subscription
HealthLake - DataTransformationProfile
IoT iot Certificate Thing
IoT - Tunnel
IoTSiteWise iotsitewise Asset TimeSeries
IoTSiteWise - Dataset Pipeline Workspace
IoTTwinMaker iottwinmaker Entity Workspace
KendraRanking kendra-ranking ExecutionPlan
Kinesis kinesis Stream StreamConsumer
KinesisFirehose firehose DeliveryStream
KinesisVideo kinesisvideo SignalingChannel Stream
Lambda lambda Function
Lambda - MicrovmImage
Lex - Bot BotAlias
Logs - LogGroupAuthorization ScheduledQuery
MachineLearning - MlModel
ManagedBlockchain managedblockchain Node
ManagedBlockchain - Network
ManagedBlockchainQuery - QueryAPI
MedicalImaging medical-imaging Datastore Imageset
MWAA - Environment
NeptuneGraph neptune-graph Graph
NetworkFlowMonitor networkflowmonitor Monitor Scope
NovaAct - WorkflowDefinition WorkflowRun
One - UKey User
PaymentCryptography payment-cryptography Alias Key
PCAConnectorAD pca-connector-ad Connector
PCAConnectorSCEP pca-connector-scep Connector
Pinpoint mobiletargeting App
QApps - QApp QAppSession
QBusiness qbusiness Application DataSource Index Integration WebExperience
QDeveloper - Integration
QuickSight - App Automation AutomationJob Extension ExtensionAccess Flow FlowSession Page Task
Quicksight - ActionConnector
RDS rds DBCluster
Redshift - Cluster
ResourceExplorer2 - ManagedView View
RUM rum AppMonitor
S3 s3 AccessPoint
S3 - Object
S3Express s3express Object
S3Express - AccessPoint
S3ObjectLambda s3-object-lambda AccessPoint
S3Outposts s3-outposts Object
S3Tables s3tables Table TableBucket
S3Vectors s3vectors Index VectorBucket
SageMaker sagemaker Endpoint ExperimentTrialComponent FeatureGroup MlflowTrackingServer
SageMaker - Hub Job MlflowApp TrainingSession
SCN scn Instance
SCN - BusinessRule DataLakeException ExceptionInvestigation ExceptionRule Metric MetricEvaluation Outcome OutcomeTemplate
SDB - Domain
ServiceDiscovery servicediscovery Namespace Service
SES ses ConfigurationSet EmailIdentity Template
Signer - SigningJob SigningProfile
SitewiseAssistant - Conversation
SMSVoice - CarrierLookup ConfigurationSet Message NotifyConfiguration OriginationIdentity
SNS sns PlatformEndpoint Topic
SocialMessaging - PhoneNumberId WabaId
SQS sqs Queue
SSM - ExecutionPreview ManagedNode
SSMMessages ssmmessages ControlChannel
StepFunctions states Activity StateMachine
SupportAccess - Tenant TrustingAccount TrustingRole
SWF swf Domain
ThinClient thinclient Device Environment
Timestream timestream Database Table
Timestream - RegionalEndpoint
Transform - AgentInstance Profile
TransformCustom - Campaign Conversation KnowledgeItem Package
UXC - AccountCustomization
VerifiedPermissions - PolicyStore
WellArchitected - AgentRecommendation
XRay - Trace
`
