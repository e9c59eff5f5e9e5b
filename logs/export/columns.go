package export

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"trailctl/logs"
)

// kind says how a column's values are read from the JSON of a record.
type kind uint8

const (
	// text is a string without its quotes and escapes; a value of another
	// kind is the JSON of it.
	text kind = iota
	// flag is true or false, also where the record has it as a string.
	flag
	// moment is a time as in RFC 3339.
	moment
	// document is any value as JSON on one line.
	document
	// list is the resources.
	list
)

// Column is one column of the Parquet and CSV files. All may be null: where
// the record has no such field, has null, or something that is no value of
// the column's kind.
type Column struct {
	Name  string
	Field string // where it stands in a record; "" for what is not in it
	kind  kind
	dict  bool // few distinct values are to be expected
}

// The columns that are not read from one field each.
const (
	columnIdentity  = "identity"
	columnResources = "resources"
	columnLogFile   = "log_file"
	columnRaw       = "raw"
)

// Columns are all columns in their order. Names are of lower case, digits and
// underscores, which Athena, Spark and DuckDB leave as they are.
func Columns() []Column {
	return []Column{
		{"event_time", "eventTime", moment, false},
		{"event_version", "eventVersion", text, true},
		{"event_id", "eventID", text, false},
		{"event_source", "eventSource", text, true},
		{"event_name", "eventName", text, true},
		{"event_type", "eventType", text, true},
		{"event_category", "eventCategory", text, true},
		{"aws_region", "awsRegion", text, true},
		{"recipient_account_id", "recipientAccountId", text, true},
		{"source_ip_address", "sourceIPAddress", text, true},
		{"user_agent", "userAgent", text, true},
		{"error_code", "errorCode", text, true},
		{"error_message", "errorMessage", text, true},
		{"request_id", "requestID", text, false},
		{"shared_event_id", "sharedEventID", text, false},
		{"read_only", "readOnly", flag, false},
		{"management_event", "managementEvent", flag, false},
		{"api_version", "apiVersion", text, true},
		{"vpc_endpoint_id", "vpcEndpointId", text, true},
		{"vpc_endpoint_account_id", "vpcEndpointAccountId", text, true},
		{columnIdentity, "", text, true},
		{"user_identity_type", "userIdentity.type", text, true},
		{"user_identity_principal_id", "userIdentity.principalId", text, true},
		{"user_identity_arn", "userIdentity.arn", text, true},
		{"user_identity_account_id", "userIdentity.accountId", text, true},
		{"user_identity_user_name", "userIdentity.userName", text, true},
		{"user_identity_access_key_id", "userIdentity.accessKeyId", text, true},
		{"user_identity_invoked_by", "userIdentity.invokedBy", text, true},
		{"user_identity_provider", "userIdentity.identityProvider", text, true},
		{"user_identity_credential_id", "userIdentity.credentialId", text, true},
		{"user_identity_on_behalf_of_user_id", "userIdentity.onBehalfOf.userId", text, true},
		{"user_identity_on_behalf_of_store_arn", "userIdentity.onBehalfOf.identityStoreArn", text, true},
		{"session_mfa_authenticated", "userIdentity.sessionContext.attributes.mfaAuthenticated", flag, false},
		{"session_creation_date", "userIdentity.sessionContext.attributes.creationDate", moment, false},
		{"session_source_identity", "userIdentity.sessionContext.sourceIdentity", text, true},
		{"session_issuer_type", "userIdentity.sessionContext.sessionIssuer.type", text, true},
		{"session_issuer_principal_id", "userIdentity.sessionContext.sessionIssuer.principalId", text, true},
		{"session_issuer_arn", "userIdentity.sessionContext.sessionIssuer.arn", text, true},
		{"session_issuer_account_id", "userIdentity.sessionContext.sessionIssuer.accountId", text, true},
		{"session_issuer_user_name", "userIdentity.sessionContext.sessionIssuer.userName", text, true},
		{"session_federated_provider", "userIdentity.sessionContext.webIdFederationData.federatedProvider", text, true},
		{"session_from_console", "sessionCredentialFromConsole", flag, false},
		{"tls_version", "tlsDetails.tlsVersion", text, true},
		{"tls_cipher_suite", "tlsDetails.cipherSuite", text, true},
		{"tls_client_host", "tlsDetails.clientProvidedHostHeader", text, true},
		{columnResources, "resources", list, false},
		{"request_parameters", "requestParameters", document, false},
		{"response_elements", "responseElements", document, false},
		{"additional_event_data", "additionalEventData", document, false},
		{"service_event_details", "serviceEventDetails", document, false},
		{"insight_details", "insightDetails", document, false},
		{"edge_device_details", "edgeDeviceDetails", document, false},
		{"addendum", "addendum", document, false},
		{columnLogFile, "", text, true},
		{columnRaw, "", document, false},
	}
}

// cell is a value of a column: bytes, for a flag 0 or 1, for a moment the
// milliseconds since 1970.
type cell struct {
	set    bool
	number int64
	bytes  []byte
}

// reader reads the columns of records, one record at a time.
type reader struct {
	columns []Column
	top     map[string]*node
	cells   []cell

	identity, logFile, raw int
	who                    [8]int // the columns that tell the identity
	valid                  bool   // the record is UTF-8
	repaired               bool   // bytes that are not were replaced
}

// node is a place in a record: a column, or an object with more of them.
type node struct {
	column int // -1 for an object
	under  map[string]*node
}

func newReader() *reader {
	r := &reader{columns: Columns(), top: map[string]*node{}}
	r.cells = make([]cell, len(r.columns))
	for i, field := range [...]string{
		"type", "arn", "accountId", "principalId", "userName", "accessKeyId", "invokedBy", "sessionContext.sessionIssuer.userName",
	} {
		r.who[i] = slices.IndexFunc(r.columns, func(c Column) bool { return c.Field == "userIdentity."+field })
	}
	for i, c := range r.columns {
		switch c.Name {
		case columnIdentity:
			r.identity = i
		case columnLogFile:
			r.logFile = i
		case columnRaw:
			r.raw = i
		}
		if c.Field != "" {
			plant(r.top, c.Field, i)
		}
	}
	return r
}

// read fills the cells from a record. They may be used until the next one.
func (r *reader) read(logFile string, rec *logs.Record) {
	clear(r.cells)
	r.valid, r.repaired = utf8.Valid(rec.Raw), false
	r.members(r.top, rec.Raw)
	if words := r.words(); words != "" {
		r.cells[r.identity] = cell{set: true, bytes: []byte(words)}
	}
	r.cells[r.logFile] = cell{set: true, bytes: []byte(strings.ToValidUTF8(logFile, "\ufffd"))}
	r.set(r.raw, oneLine(rec.Raw))
}

// words names the identity as everywhere else. The cells have it already.
func (r *reader) words() string {
	text := func(i int) string { return string(r.cells[r.who[i]].bytes) }
	return logs.Identity{
		Type: text(0), ARN: text(1), AccountID: text(2), PrincipalID: text(3),
		UserName: text(4), AccessKeyID: text(5), InvokedBy: text(6), Issuer: text(7),
	}.Words()
}

// members fills the cells of an object. Of several members of one name the
// last counts, here as everywhere.
func (r *reader) members(places map[string]*node, object []byte) {
	logs.EachMember(object, func(name, value []byte) bool {
		at := places[string(name)]
		switch {
		case at == nil:
		case at.column < 0:
			r.forget(at.under)
			r.members(at.under, value)
		default:
			r.value(at.column, value)
		}
		return true
	})
}

func (r *reader) forget(places map[string]*node) {
	for _, at := range places {
		if at.column >= 0 {
			r.cells[at.column] = cell{}
		} else {
			r.forget(at.under)
		}
	}
}

func (r *reader) value(column int, value []byte) {
	r.cells[column] = cell{}
	if isNull(value) {
		return
	}
	switch r.columns[column].kind {
	case flag:
		if is, ok := boolean(value); ok {
			r.cells[column] = cell{set: true, number: is}
		}
	case moment:
		if t, err := time.Parse(time.RFC3339, string(plain(value))); err == nil {
			r.cells[column] = cell{set: true, number: millis(t)}
		}
	case list:
		if value[0] == '[' {
			r.set(column, value)
		}
	case text:
		r.set(column, plain(value))
	default:
		r.set(column, oneLine(value))
	}
}

func (r *reader) set(column int, value []byte) {
	if !r.valid {
		var changed bool
		value, changed = repair(value)
		r.repaired = r.repaired || changed
	}
	r.cells[column] = cell{set: true, bytes: value}
}
