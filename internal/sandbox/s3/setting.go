package s3

import (
	"fmt"
	"net/http"
	"strings"
)

// setting is a sub-resource of a bucket that is one document: its root
// element, what is wrong with one that was put, and the answer when there
// is none, which is an error or an empty document.
type setting struct {
	root    string
	check   func(n *node, text []byte) (string, error) // gives the text to keep
	missing *failure
	status  int // of a successful PUT
}

func missingSetting(code, message string) *failure {
	return fail(http.StatusNotFound, code, "%s", message)
}

// settingOf is nil for a sub-resource that is no setting.
func settingOf(marker string) *setting {
	switch marker {
	case "publicAccessBlock":
		return &setting{"PublicAccessBlockConfiguration", checkPublicAccess,
			missingSetting("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found"), http.StatusOK}
	case "ownershipControls":
		return &setting{"OwnershipControls", checkOwnership,
			missingSetting("OwnershipControlsNotFoundError", "The bucket ownership controls were not found"), http.StatusOK}
	case "encryption":
		return &setting{"ServerSideEncryptionConfiguration", checkEncryption,
			missingSetting("ServerSideEncryptionConfigurationNotFoundError", "The server side encryption configuration was not found"), http.StatusOK}
	case "tagging":
		return &setting{"Tagging", checkBucketTags, missingSetting("NoSuchTagSet", "The TagSet does not exist"), http.StatusNoContent}
	case "lifecycle":
		return &setting{"LifecycleConfiguration", checkLifecycle,
			missingSetting("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"), http.StatusOK}
	case "notification":
		return &setting{"NotificationConfiguration", checkNotification, nil, http.StatusOK}
	case "versioning":
		return &setting{"VersioningConfiguration", checkVersioning, nil, http.StatusOK}
	case "logging":
		return &setting{"BucketLoggingStatus", checkLogging, nil, http.StatusOK}
	}
	return nil
}

func (s *Service) getSetting(r *request) error {
	kind := settingOf(r.op.marker)
	text := r.b.snapshot().Documents[r.op.marker]
	switch {
	case text != "":
	case kind.missing != nil:
		return kind.missing.with("BucketName", r.bucket)
	default:
		text = fmt.Sprintf("%s<%s xmlns=%q/>", xmlHeader, kind.root, namespace)
	}
	r.transitionHeader(r.b.snapshot())
	r.writeText("application/xml", text)
	return nil
}

func (s *Service) putSetting(r *request) error {
	kind := settingOf(r.op.marker)
	n, text, err := r.document(kind.root)
	if err != nil {
		return err
	}
	keep, err := kind.check(n, text)
	if err != nil {
		return err
	}
	if r.op.marker == "versioning" && r.touchesMFA(keep) && !r.rootWithMFA() {
		return accessDenied("Mfa Authentication must be used for this request")
	}
	smallest, err := r.transitionMinimum()
	if err != nil {
		return err
	}
	err = s.change(r.b, func(set *settings) {
		set.Documents[r.op.marker] = keep
		if r.op.marker == "lifecycle" {
			set.Documents[transitionMinimum] = smallest
		}
		if r.op.marker == "versioning" {
			set.Versioning = n.child("Status").content()
		}
	})
	if err != nil {
		return err
	}
	r.transitionHeader(r.b.snapshot())
	r.w.WriteHeader(kind.status)
	return nil
}

// transitionMinimum is the size below which objects are not moved to another
// storage class, a setting beside the lifecycle's document: of its header, of
// its place among the documents (API reference, "PutBucketLifecycleConfiguration").
const transitionMinimum = "x-amz-transition-default-minimum-object-size"

func (r *request) transitionMinimum() (string, error) {
	switch value := r.header(transitionMinimum); value {
	case "":
		return "all_storage_classes_128K", nil
	case "all_storage_classes_128K", "varies_by_storage_class":
		return value, nil
	}
	return "", invalidRequest("Invalid TransitionDefaultMinimumObjectSize found")
}

func (r *request) transitionHeader(set settings) {
	if value := set.Documents[transitionMinimum]; value != "" && r.op.marker == "lifecycle" {
		r.w.Header().Set(transitionMinimum, value)
	}
}

// deleteSetting removes a document. Of the encryption it restores the
// default, as a bucket has had no other since January 2023.
func (s *Service) deleteSetting(r *request) error {
	err := s.change(r.b, func(set *settings) {
		delete(set.Documents, r.op.marker)
		if r.op.marker == "encryption" {
			set.Documents["encryption"] = defaultEncryption()
		}
	})
	if err != nil {
		return err
	}
	return r.noContent()
}

func defaultEncryption() string {
	return fmt.Sprintf("%s<ServerSideEncryptionConfiguration xmlns=%q><Rule><ApplyServerSideEncryptionByDefault>"+
		"<SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled>"+
		"</Rule></ServerSideEncryptionConfiguration>", xmlHeader, namespace)
}

// newBucketDocuments are the settings a new bucket has: since April 2023
// public access is blocked and ACLs are off unless the request says otherwise.
func newBucketDocuments(r *request, o owner) (map[string]string, error) {
	ownership := r.header("x-amz-object-ownership")
	if ownership == "" {
		ownership = ownerEnforced
	}
	if !validOwnership(ownership) {
		return nil, invalidArgument("x-amz-object-ownership", ownership, "Invalid x-amz-object-ownership header: %s", ownership)
	}
	docs := map[string]string{
		"publicAccessBlock": publicAccess{true, true, true, true}.document(),
		"ownershipControls": fmt.Sprintf("%s<OwnershipControls xmlns=%q><Rule><ObjectOwnership>%s</ObjectOwnership></Rule></OwnershipControls>",
			xmlHeader, namespace, ownership),
		"encryption": defaultEncryption(),
	}
	canned := r.header("x-amz-acl")
	switch {
	case canned == "" || canned == "private" || canned == "bucket-owner-full-control":
	case ownership == ownerEnforced:
		return nil, fail(http.StatusBadRequest, "InvalidBucketAclWithObjectOwnership",
			"Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting")
	case !validCannedACL(canned):
		return nil, invalidArgument("x-amz-acl", canned, "Invalid ACL")
	case publicCannedACL(canned): // public access is blocked from the first moment
		return nil, accessDenied("Access Denied")
	default:
		docs["acl"] = cannedDocument(o, canned)
	}
	return docs, nil
}

func checkEncryption(n *node, text []byte) (string, error) {
	if len(n.children) == 0 {
		return "", malformedXML()
	}
	for _, rule := range n.children {
		switch rule.child("ApplyServerSideEncryptionByDefault").child("SSEAlgorithm").content() {
		case "AES256", "aws:kms", "aws:kms:dsse":
		default:
			return "", malformedXML()
		}
		if rule.name != "Rule" {
			return "", malformedXML()
		}
	}
	return string(text), nil
}

// encryption is what objects are encrypted with when their uploader does not
// say.
func (s settings) encryption() (algorithm, keyID string) {
	n, err := parseXML([]byte(s.Documents["encryption"]), "ServerSideEncryptionConfiguration")
	if err != nil {
		return "AES256", ""
	}
	by := n.child("Rule").child("ApplyServerSideEncryptionByDefault")
	return by.child("SSEAlgorithm").content(), by.child("KMSMasterKeyID").content()
}

func checkVersioning(n *node, _ []byte) (string, error) {
	status := n.child("Status").content()
	if status != "Enabled" && status != "Suspended" {
		return "", fail(http.StatusBadRequest, "IllegalVersioningConfigurationException",
			"The Versioning element must be specified")
	}
	mfa := n.child("MfaDelete").content()
	switch mfa {
	case "":
	case "Enabled", "Disabled":
		mfa = "<MfaDelete>" + mfa + "</MfaDelete>"
	default:
		return "", malformedXML()
	}
	return fmt.Sprintf("%s<VersioningConfiguration xmlns=%q><Status>%s</Status>%s</VersioningConfiguration>", xmlHeader, namespace, status, mfa), nil
}

// mfaDelete is the part of a versioning configuration that protects versions.
const mfaDelete = "<MfaDelete>Enabled</MfaDelete>"

// touchesMFA tells whether a versioning configuration switches MFA delete on,
// or is put where it is on.
func (r *request) touchesMFA(text string) bool {
	return strings.Contains(text, mfaDelete) || r.mfaDelete()
}

// mfaDelete tells whether deleting versions of the bucket needs MFA.
func (r *request) mfaDelete() bool {
	return strings.Contains(r.b.snapshot().Documents["versioning"], mfaDelete)
}

// rootWithMFA tells whether the root user calls with a code of a device, any
// code of any: only root may work with MFA delete (S3 user guide, "Configuring
// MFA delete").
func (r *request) rootWithMFA() bool {
	return r.call.Identity.Type == "Root" && len(strings.Fields(r.header("x-amz-mfa"))) == 2
}

func checkLifecycle(n *node, text []byte) (string, error) {
	if len(n.children) == 0 {
		return "", malformedXML()
	}
	for _, rule := range n.children {
		status := rule.child("Status").content()
		if rule.name != "Rule" || status != "Enabled" && status != "Disabled" {
			return "", malformedXML()
		}
		actions := 0
		for _, name := range []string{"Expiration", "Transition", "NoncurrentVersionExpiration", "NoncurrentVersionTransition", "AbortIncompleteMultipartUpload"} {
			if rule.child(name) != nil {
				actions++
			}
		}
		if actions == 0 {
			return "", invalidRequest("At least one action needs to be specified in a rule")
		}
	}
	return string(text), nil
}

// publicAccess is a bucket's public access block.
type publicAccess struct {
	BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets bool
}

func readPublicAccess(n *node) publicAccess {
	on := func(name string) bool { return n.child(name).content() == "true" }
	return publicAccess{on("BlockPublicAcls"), on("IgnorePublicAcls"), on("BlockPublicPolicy"), on("RestrictPublicBuckets")}
}

func (p publicAccess) document() string {
	return fmt.Sprintf("%s<PublicAccessBlockConfiguration xmlns=%q><BlockPublicAcls>%t</BlockPublicAcls>"+
		"<IgnorePublicAcls>%t</IgnorePublicAcls><BlockPublicPolicy>%t</BlockPublicPolicy>"+
		"<RestrictPublicBuckets>%t</RestrictPublicBuckets></PublicAccessBlockConfiguration>",
		xmlHeader, namespace, p.BlockPublicAcls, p.IgnorePublicAcls, p.BlockPublicPolicy, p.RestrictPublicBuckets)
}

// publicAccess is all false when the bucket has none.
func (s settings) publicAccess() publicAccess {
	n, err := parseXML([]byte(s.Documents["publicAccessBlock"]), "PublicAccessBlockConfiguration")
	if err != nil {
		return publicAccess{}
	}
	return readPublicAccess(n)
}

func checkPublicAccess(n *node, _ []byte) (string, error) {
	for _, c := range n.children {
		switch c.content() {
		case "true", "TRUE", "false", "FALSE":
		default:
			return "", malformedXML()
		}
		switch c.name {
		case "BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets":
		default:
			return "", malformedXML()
		}
	}
	return readPublicAccess(n).document(), nil
}
