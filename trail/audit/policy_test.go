package audit

import (
	"fmt"
	"strings"
	"testing"
)

// Each statement stands alone in the policy of the bucket. What is not
// understood is never a pass.
func TestWhoMayWrite(t *testing.T) {
	const (
		write  = `"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/*"`
		toAll  = `"Effect":"Allow","Principal":"*"`
		toCT   = `"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"}`
		source = `"Condition":{"StringEquals":{"aws:SourceArn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/main"}}`
	)
	when := func(operator, key, values string) string {
		return fmt.Sprintf(`"Condition":{%q:{%q:%s}}`, operator, key, values)
	}
	for name, tt := range map[string]struct {
		statement []string
		want      Result
	}{
		"CloudTrail, for a trail":                  {[]string{toCT, write, source}, Pass},
		"CloudTrail, for any":                      {[]string{toCT, write}, Fail},
		"CloudTrail in capitals":                   {[]string{`"Effect":"Allow","Principal":{"Service":"CloudTrail.amazonaws.com"}`, write}, Fail},
		"everybody":                                {[]string{toAll, write}, Fail},
		"everybody, as a map":                      {[]string{`"Effect":"Allow","Principal":{"AWS":"*"}`, write}, Fail},
		"everybody in a list":                      {[]string{`"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:root","*"]}`, write}, Fail},
		"every service":                            {[]string{`"Effect":"Allow","Principal":{"Service":"*"}`, write}, Fail},
		"everybody, for a trail":                   {[]string{toAll, write, source}, Pass},
		"everybody of an organization":             {[]string{toAll, write, when("StringEquals", "aws:PrincipalOrgID", `"o-1234567890"`)}, Pass},
		"everybody, on a condition":                {[]string{toAll, write, when("IpAddress", "aws:SourceIp", `"10.0.0.0/8"`)}, Unknown},
		"another service":                          {[]string{`"Effect":"Allow","Principal":{"Service":"delivery.logs.amazonaws.com"}`, write}, Pass},
		"an account":                               {[]string{`"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"}`, write}, Pass},
		"a principal of another kind":              {[]string{`"Effect":"Allow","Principal":{"Machine":"x"}`, write}, Unknown},
		"a principal that is a name":               {[]string{`"Effect":"Allow","Principal":"cloudtrail.amazonaws.com"`, write}, Unknown},
		"no principal":                             {[]string{`"Effect":"Allow"`, write}, Unknown},
		"null":                                     {[]string{`"Effect":"Allow","Principal":null`, write}, Unknown},
		"nobody":                                   {[]string{`"Effect":"Allow","Principal":{}`, write}, Unknown},
		"null to do":                               {[]string{toCT, `"Action":null,"Resource":"*"`}, Unknown},
		"nothing to do":                            {[]string{toCT, `"Action":[],"Resource":"*"`}, Unknown},
		"all but somebody":                         {[]string{`"Effect":"Allow","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:root"}`, write}, Fail},
		"all but somebody, for a trail":            {[]string{`"Effect":"Allow","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:root"}`, write, source}, Pass},
		"all but an action":                        {[]string{toCT, `"NotAction":"s3:GetObject","Resource":"*"`}, Fail},
		"all but this action":                      {[]string{toCT, `"NotAction":["s3:PutObject*"],"Resource":"*"`}, Pass},
		"no action":                                {[]string{toCT, `"Resource":"*"`}, Unknown},
		"both kinds of action":                     {[]string{toCT, `"Action":"s3:GetObject","NotAction":"s3:GetObject","Resource":"*"`}, Unknown},
		"another action":                           {[]string{toCT, `"Action":"s3:GetBucketAcl","Resource":"*"`}, Pass},
		"an action with a class":                   {[]string{toCT, `"Action":"s3:[P]utObject","Resource":"*"`}, Pass},
		"an action with wildcards":                 {[]string{toCT, `"Action":"S3:?ut*","Resource":"*"`}, Fail},
		"all but a resource":                       {[]string{toCT, `"Action":"s3:PutObject","NotResource":"arn:aws:s3:::logs/x"`}, Fail},
		"a deny":                                   {[]string{`"Effect":"Deny","Principal":"*"`, write}, Pass},
		"an effect of its own":                     {[]string{`"Effect":"allow","Principal":"*"`, write}, Unknown},
		"any account":                              {[]string{toCT, write, when("StringLike", "aws:SourceAccount", `"*"`)}, Fail},
		"many accounts":                            {[]string{toCT, write, when("StringLike", "aws:SourceAccount", `"1*"`)}, Fail},
		"any account of twelve digits":             {[]string{toCT, write, when("ArnLike", "aws:SourceArn", `"arn:aws:cloudtrail:*:????????????:trail/*"`)}, Fail},
		"many accounts' trails":                    {[]string{toCT, write, when("ArnLike", "aws:SourceArn", `"arn:aws:cloudtrail:*:1*:trail/*"`)}, Fail},
		"this account's trails":                    {[]string{toCT, write, when("ArnLike", "aws:SourceArn", `"arn:aws:cloudtrail:*:111122223333:trail/*"`)}, Pass},
		"a variable":                               {[]string{toCT, write, when("StringEquals", "aws:SourceAccount", `"${aws:PrincipalAccount}"`)}, Fail},
		"an organization":                          {[]string{toCT, write, when("StringEquals", "aws:SourceOrgID", `"o-1234567890"`)}, Pass},
		"any organization":                         {[]string{toCT, write, when("StringLike", "aws:SourceOrgID", `"o-*"`)}, Fail},
		"a part of an organization":                {[]string{toCT, write, when("ForAnyValue:StringLike", "aws:SourceOrgPaths", `"o-1234567890/r-ab12/*"`)}, Pass},
		"all values, of which there may be none":   {[]string{toCT, write, when("ForAllValues:StringEquals", "aws:SourceAccount", `"111122223333"`)}, Fail},
		"if it is there":                           {[]string{toCT, write, when("StringEqualsIfExists", "aws:SourceAccount", `"111122223333"`)}, Fail},
		"all trails but one":                       {[]string{toCT, write, when("ArnNotLike", "aws:SourceArn", `"arn:aws:cloudtrail:us-east-1:111122223333:trail/x"`)}, Fail},
		"a condition without values":               {[]string{toCT, write, when("StringEquals", "aws:SourceArn", `[]`)}, Fail},
		"CloudTrail and others, on some condition": {[]string{toCT, write, when("Bool", "aws:SecureTransport", `"true"`)}, Fail},
	} {
		t.Run(name, func(t *testing.T) {
			a := clean()
			a.Trails[0].Bucket.Policy = `{"Version":"2012-10-17","Statement":{"Sid":"it",` + strings.Join(tt.statement, ",") + `}}`
			v := sourceBound(a, a.Trails[0])
			if v.Result != tt.want {
				t.Errorf("%s: %s; want %s", v.Result, v.Why, tt.want)
			}
			if v.Result != Pass && !strings.Contains(v.Why, "it") {
				t.Errorf("%q does not name the statement", v.Why)
			}
		})
	}
}
