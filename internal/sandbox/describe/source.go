package describe

import "strings"

// eventSource is a service's event source by its signing name. Most are the
// signing name and .amazonaws.com ("CloudTrail record contents", eventSource);
// the examples in the services' own guides, in their chapters on CloudTrail,
// say which are not.
func eventSource(service string) string {
	service = clean(strings.ToLower(service), maxWord)
	if other, ok := otherSources[service]; ok {
		service = other
	}
	if service == "" {
		service = "unknown"
	}
	return service + ".amazonaws.com"
}

// otherSources are the signing names that are no event source.
var otherSources = map[string]string{
	"email":      "ses", // SES's host, which older clients sign for
	"opensearch": "es",
	"rds-data":   "rdsdata",
	// "Log Application Auto Scaling API calls using AWS CloudTrail" has a record.
	"application-autoscaling": "autoscaling",
	"neptune":                 "rds",
	"docdb":                   "rds",
	"s3-object-lambda":        "s3",
	"s3-outposts":             "s3-outposts",
	"streams.dynamodb":        "dynamodb",
	"application-insights":    "applicationinsights",
}
