package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// The trail of the loopback AWS, whose log files are those of a delivery.
const (
	trailName = "bench"
	account   = "111122223333"
	home      = "us-east-1"
	trailARN  = "arn:aws:cloudtrail:" + home + ":" + account + ":trail/" + trailName
)

// Names in the folder of a delivery, which is like a bucket that was
// downloaded.
const (
	keyFile        = "public-keys.json"
	metadataSuffix = ".metadata.json"
)

// publicKey is a key in keyFile.
type publicKey struct {
	Region      string    `json:"region"`
	Fingerprint string    `json:"fingerprint"`
	Value       []byte    `json:"value"`
	From        time.Time `json:"validityStartTime"`
	To          time.Time `json:"validityEndTime"`
}

type publicKeyFile struct {
	Version int         `json:"version"`
	Keys    []publicKey `json:"keys"`
}

// publicKeys makes what ListPublicKeys answers of a keyFile. All regions have
// the same key here.
func publicKeys(file []byte) ([]byte, error) {
	var saved publicKeyFile
	if err := json.Unmarshal(file, &saved); err != nil {
		return nil, err
	}
	type key struct {
		Value                              []byte
		Fingerprint                        string
		ValidityStartTime, ValidityEndTime int64
	}
	var answer struct{ PublicKeyList []key }
	for _, k := range saved.Keys[:1] {
		answer.PublicKeyList = append(answer.PublicKeyList, key{k.Value, k.Fingerprint, k.From.Unix(), k.To.Unix()})
	}
	return json.Marshal(answer)
}

// cloudTrail answers a call of CloudTrail's API.
func (s *store) cloudTrail(w http.ResponseWriter, target string) {
	trail := map[string]any{
		"Name": trailName, "TrailARN": trailARN, "S3BucketName": bucketName, "HomeRegion": home, "IsMultiRegionTrail": true,
		"IncludeGlobalServiceEvents": true, "LogFileValidationEnabled": true, "IsOrganizationTrail": false,
		"HasCustomEventSelectors": false, "HasInsightSelectors": false,
	}
	var answer any
	switch target[strings.LastIndexByte(target, '.')+1:] {
	case "DescribeTrails":
		answer = map[string]any{"trailList": []any{trail}}
	case "GetTrail":
		answer = map[string]any{"Trail": trail}
	case "GetTrailStatus":
		answer = map[string]any{"IsLogging": true, "StartLoggingTime": firstDay.Unix()}
	case "ListPublicKeys":
		answer = json.RawMessage(s.public)
	default:
		w.WriteHeader(http.StatusBadRequest)
		answer = map[string]any{"__type": "UnknownOperationException"}
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(answer) // who asked may be gone
}
