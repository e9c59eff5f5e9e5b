package trail

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// The AWS CLI's shape of selectors, which is CloudTrail's own.
type (
	selectorsShape struct {
		TrailARN               string          `json:"TrailARN,omitempty"`
		TrailName              string          `json:"TrailName,omitempty"`
		EventSelectors         []basicShape    `json:"EventSelectors,omitempty"`
		AdvancedEventSelectors []advancedShape `json:"AdvancedEventSelectors,omitempty"`
	}
	basicShape struct {
		ReadWriteType                 string          `json:"ReadWriteType"`
		IncludeManagementEvents       *bool           `json:"IncludeManagementEvents"`
		DataResources                 []resourceShape `json:"DataResources"`
		ExcludeManagementEventSources []string        `json:"ExcludeManagementEventSources"`
	}
	resourceShape struct {
		Type   string   `json:"Type"`
		Values []string `json:"Values"`
	}
	advancedShape struct {
		Name           string       `json:"Name,omitempty"`
		FieldSelectors []fieldShape `json:"FieldSelectors"`
	}
	fieldShape struct {
		Field         string   `json:"Field"`
		Equals        []string `json:"Equals,omitempty"`
		StartsWith    []string `json:"StartsWith,omitempty"`
		EndsWith      []string `json:"EndsWith,omitempty"`
		NotEquals     []string `json:"NotEquals,omitempty"`
		NotStartsWith []string `json:"NotStartsWith,omitempty"`
		NotEndsWith   []string `json:"NotEndsWith,omitempty"`
	}
)

func (s Selectors) shape() selectorsShape {
	var out selectorsShape
	for _, b := range s.Basic {
		row := basicShape{
			ReadWriteType: string(b.ReadWriteType), IncludeManagementEvents: aws.Bool(b.IncludeManagementEvents == nil || *b.IncludeManagementEvents),
			DataResources: []resourceShape{}, ExcludeManagementEventSources: append([]string{}, b.ExcludeManagementEventSources...),
		}
		if row.ReadWriteType == "" {
			row.ReadWriteType = string(types.ReadWriteTypeAll)
		}
		for _, d := range b.DataResources {
			row.DataResources = append(row.DataResources, resourceShape{aws.ToString(d.Type), append([]string{}, d.Values...)})
		}
		out.EventSelectors = append(out.EventSelectors, row)
	}
	for _, a := range s.Advanced {
		row := advancedShape{Name: aws.ToString(a.Name), FieldSelectors: []fieldShape{}}
		for _, f := range a.FieldSelectors {
			row.FieldSelectors = append(row.FieldSelectors, fieldShape{
				aws.ToString(f.Field), f.Equals, f.StartsWith, f.EndsWith, f.NotEquals, f.NotStartsWith, f.NotEndsWith,
			})
		}
		out.AdvancedEventSelectors = append(out.AdvancedEventSelectors, row)
	}
	return out
}

func (s selectorsShape) selectors() Selectors {
	var out Selectors
	for _, b := range s.EventSelectors {
		sel := types.EventSelector{
			ReadWriteType: types.ReadWriteType(b.ReadWriteType), IncludeManagementEvents: b.IncludeManagementEvents,
			ExcludeManagementEventSources: b.ExcludeManagementEventSources,
		}
		if sel.ReadWriteType == "" {
			sel.ReadWriteType = types.ReadWriteTypeAll
		}
		if sel.IncludeManagementEvents == nil {
			sel.IncludeManagementEvents = aws.Bool(true)
		}
		for _, d := range b.DataResources {
			sel.DataResources = append(sel.DataResources, types.DataResource{Type: aws.String(d.Type), Values: d.Values})
		}
		out.Basic = append(out.Basic, sel)
	}
	for _, a := range s.AdvancedEventSelectors {
		sel := types.AdvancedEventSelector{}
		if a.Name != "" {
			sel.Name = aws.String(a.Name)
		}
		for _, f := range a.FieldSelectors {
			sel.FieldSelectors = append(sel.FieldSelectors, types.AdvancedFieldSelector{
				Field: aws.String(f.Field), Equals: f.Equals, StartsWith: f.StartsWith, EndsWith: f.EndsWith,
				NotEquals: f.NotEquals, NotStartsWith: f.NotStartsWith, NotEndsWith: f.NotEndsWith,
			})
		}
		out.Advanced = append(out.Advanced, sel)
	}
	return out
}

// maxSelectorsText is more than 500 values of 2,048 characters come to.
const maxSelectorsText = 2 << 20

// ParseSelectors reads selectors as the AWS CLI writes and takes them: the
// answer of get-event-selectors, or only the list of basic or of advanced
// selectors. They are checked as Validate does; errors are of ErrSpec.
func ParseSelectors(text []byte) (Selectors, error) {
	text = bytes.TrimSpace(text)
	switch {
	case len(text) == 0:
		return Selectors{}, refuse("the selectors are empty")
	case len(text) > maxSelectorsText:
		return Selectors{}, refuse("the selectors are longer than %d bytes", maxSelectorsText)
	case !utf8.Valid(text):
		return Selectors{}, refuse("the selectors are not UTF-8 text")
	}
	var shape selectorsShape
	var err error
	if text[0] == '[' {
		shape, err = listShape(text)
	} else {
		err = strict(text, &shape)
	}
	if err != nil {
		return Selectors{}, refuse("the selectors cannot be read: %s", err)
	}
	s := shape.selectors()
	return s, s.Validate()
}

// listShape reads a list of selectors of either kind.
func listShape(text []byte) (selectorsShape, error) {
	var raw []map[string]json.RawMessage
	if err := strict(text, &raw); err != nil {
		return selectorsShape{}, err
	}
	var s selectorsShape
	advanced := 0
	for i, r := range raw {
		if r == nil {
			return s, fmt.Errorf("selector %d is null", i+1)
		}
		for k := range r {
			if strings.EqualFold(k, "FieldSelectors") {
				advanced++
			}
		}
	}
	switch advanced {
	case 0:
		return s, strict(text, &s.EventSelectors)
	case len(raw):
		return s, strict(text, &s.AdvancedEventSelectors)
	}
	return s, errors.New("basic and advanced selectors are mixed; only the advanced ones have FieldSelectors")
}

// strict reads one JSON value, and nothing that the target has no place for.
func strict(text []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return plainJSON(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("there is something after the JSON")
	}
	return namesOnce(json.NewDecoder(bytes.NewReader(text)))
}

// namesOnce refuses a name that stands twice in one object: only the last of
// them would count. Case is ignored, as the decoder does.
func namesOnce(d *json.Decoder) error {
	token, err := d.Token()
	if err != nil {
		return plainJSON(err)
	}
	open, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for d.More() {
		if open == '{' {
			key, err := d.Token()
			if err != nil {
				return plainJSON(err)
			}
			name := strings.ToLower(key.(string))
			if seen[name] {
				return fmt.Errorf("%q stands twice in one object", key)
			}
			seen[name] = true
		}
		if err := namesOnce(d); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// plainJSON puts what the decoder complains of in words without Go's types.
func plainJSON(err error) error {
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind) && kind.Field != "":
		want := map[string]string{"string": "a text", "bool": "true or false"}[kind.Type.String()]
		if want == "" {
			want = "a list"
		}
		if strings.HasPrefix(kind.Type.String(), "trail.") {
			want = "an object"
		}
		return fmt.Errorf("%s must be %s, not of the kind %s", kind.Field, want, kind.Value)
	case errors.As(err, &kind):
		return fmt.Errorf("selectors are a list or an object, not of the kind %s", kind.Value)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it ends too early to be JSON")
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}
