package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// delivery is a folder like a bucket that a trail delivers to: log files,
// signed digest files that list them, and beside each of those its metadata.
type delivery struct {
	dir    string
	files  int   // log files
	home   int   // of them, those of the trail's home region
	bytes  int64 // of JSON
	stored int64
	begins time.Time
	ends   time.Time
}

// order says what is to be delivered.
type order struct {
	files   int
	bytes   int64 // 0: one record a file
	hours   int   // a digest file each, in each region
	regions int
	seed    uint64
}

var deliveryRegions = []string{home, "eu-west-1", "us-west-2", "ap-southeast-2"}

// delivery has a delivery made, or takes the one of an earlier run. It is made
// by a process of its own, because what this one held would count as the peak
// memory of those that it starts.
func (o *options) delivery(ctx context.Context, want order) (*delivery, error) {
	d := &delivery{dir: filepath.Join(o.dir, fmt.Sprintf("delivery-%d-%d-%d-%d-%d", want.files, want.bytes, want.hours, want.regions, want.seed)), files: want.files}
	note := filepath.Join(d.dir, "made")
	if _, err := os.Stat(note); err != nil {
		if err := os.RemoveAll(d.dir); err != nil {
			return nil, err
		}
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		if err := command(ctx, nil, self, "deliver", d.dir, fmt.Sprint(want.files, want.bytes, want.hours, want.regions, want.seed)).Run(); err != nil {
			return nil, err
		}
	}
	d.begins, d.ends = deliveryBegins, deliveryBegins.Add(time.Duration(want.hours)*time.Hour)
	raw, err := os.ReadFile(note)
	if err == nil {
		_, err = fmt.Sscan(string(raw), &d.bytes, &d.stored, &d.home)
	}
	return d, err
}

// bucket is the folder with what is in the bucket.
func (d *delivery) bucket() string { return filepath.Join(d.dir, "bucket") }

// listFile names each log file and its hash, for the floor.
const listFile = "list"

var deliveryBegins = firstDay.Add(17*time.Minute + 3*time.Second)

// deliver is the process that makes one.
func deliver(dir, text string) error {
	var o order
	if _, err := fmt.Sscan(text, &o.files, &o.bytes, &o.hours, &o.regions, &o.seed); err != nil {
		return err
	}
	d := &delivery{dir: dir, files: o.files}
	logs, err := d.logFiles(o)
	if err != nil {
		return err
	}
	if err := d.digests(o, logs); err != nil {
		return err
	}
	if err := d.list(logs); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "made"), fmt.Appendln(nil, d.bytes, d.stored, d.home), 0o644)
}

// listed is a log file in a digest file.
type listed struct {
	Bucket    string    `json:"s3Bucket"`
	Key       string    `json:"s3Object"`
	Hash      string    `json:"hashValue"`
	Algorithm string    `json:"hashAlgorithm"`
	Newest    time.Time `json:"newestEventTime"`
	Oldest    time.Time `json:"oldestEventTime"`
}

// logFiles writes them: file i belongs to hour i mod hours of one region after
// the other.
func (d *delivery) logFiles(o order) ([]listed, error) {
	sizes := make([]int64, o.files)
	if o.bytes > 0 {
		sizes = shares(o.files, o.bytes, o.seed)
	}
	logs := make([]listed, o.files)
	var mu sync.Mutex
	var g errgroup.Group
	g.SetLimit(runtime.NumCPU())
	for i := range logs {
		g.Go(func() error {
			w := newWriter(o.seed, uint64(i))
			w.region, w.account = deliveryRegions[i%o.regions], account
			hour := i / o.regions % o.hours
			w.at = deliveryBegins.Add(time.Duration(hour)*time.Hour + time.Duration(10+w.rand.IntN(40))*time.Minute)
			name := fmt.Sprintf("AWSLogs/%s/CloudTrail/%s/%s/%s_CloudTrail_%s_%s_%s.json.gz", account, w.region,
				w.at.Format("2006/01/02"), account, w.region, w.at.Format("20060102T1504Z"), w.letters(16, alphanumeric))
			text := w.body(int(sizes[i]))
			stored, err := packTo(filepath.Join(d.bucket(), name), text)
			sum := sha256.Sum256(text)
			logs[i] = listed{bucketName, name, hex.EncodeToString(sum[:]), "SHA-256", w.at, w.at.Add(-5 * time.Minute)}
			mu.Lock()
			defer mu.Unlock()
			d.bytes += int64(len(text))
			d.stored += stored
			if w.region == home {
				d.home++
			}
			return err
		})
	}
	return logs, g.Wait()
}

// packers are kept: one takes 800 KiB, and there are many small files.
var packers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// packTo writes a gzip file.
func packTo(path string, text []byte) (stored int64, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return 0, err
	}
	file, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	z := packers.Get().(*gzip.Writer)
	defer packers.Put(z)
	z.Reset(file)
	_, err = z.Write(text)
	err = errors.Join(err, z.Close())
	info, statErr := file.Stat()
	if err := errors.Join(err, statErr, file.Close()); err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// digests writes the chain of each region, signed with a new key, and the key.
func (d *delivery) digests(o order, logs []listed) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	der := x509.MarshalPKCS1PublicKey(&key.PublicKey)
	name := md5.Sum(der)
	keys := publicKeyFile{Version: 1}
	for r, region := range deliveryRegions[:o.regions] {
		keys.Keys = append(keys.Keys, publicKey{region, hex.EncodeToString(name[:]), der, deliveryBegins.AddDate(0, -1, 0), deliveryBegins.AddDate(0, 6, 0)})
		c := chain{key: key, fingerprint: hex.EncodeToString(name[:]), region: region, dir: d.bucket()}
		for hour := range o.hours {
			var of []listed
			for i := r + hour*o.regions; i < len(logs); i += o.regions * o.hours {
				of = append(of, logs[i])
			}
			if err := c.add(deliveryBegins.Add(time.Duration(hour)*time.Hour), of); err != nil {
				return err
			}
		}
	}
	raw, err := json.Marshal(keys)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(d.bucket(), keyFile), raw, 0o644)
}

// chain is the digest files of one region, up to the last that was written.
type chain struct {
	key                *rsa.PrivateKey
	fingerprint        string
	region, dir        string
	name, hash, signed string // of the last one
}

// add writes the digest file of one hour (CloudTrail user guide, "CloudTrail
// digest file structure").
func (c *chain) add(begin time.Time, logs []listed) error {
	end := begin.Add(time.Hour)
	name := fmt.Sprintf("AWSLogs/%s/CloudTrail-Digest/%s/%s/%s_CloudTrail-Digest_%s_%s_%s_%s.json.gz", account, c.region,
		end.Format("2006/01/02"), account, c.region, trailName, home, end.Format("20060102T150405Z"))
	if logs == nil {
		logs = []listed{}
	}
	text := map[string]any{
		"awsAccountId": account, "digestStartTime": begin, "digestEndTime": end, "digestS3Bucket": bucketName, "digestS3Object": name,
		"digestPublicKeyFingerprint": c.fingerprint, "digestSignatureAlgorithm": "SHA256withRSA", "newestEventTime": end, "oldestEventTime": begin,
		"previousDigestS3Bucket": nil, "previousDigestS3Object": nil, "previousDigestHashValue": nil, "previousDigestHashAlgorithm": nil,
		"previousDigestSignature": nil, "logFiles": logs,
	}
	before := "null"
	if c.name != "" {
		before = c.signed
		text["previousDigestS3Bucket"], text["previousDigestS3Object"] = bucketName, c.name
		text["previousDigestHashValue"], text["previousDigestHashAlgorithm"], text["previousDigestSignature"] = c.hash, "SHA-256", c.signed
	}
	raw, err := json.Marshal(text)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(raw)
	c.name, c.hash = name, hex.EncodeToString(sum[:])
	sum = sha256.Sum256([]byte(strings.Join([]string{end.Format(time.RFC3339), bucketName + "/" + name, c.hash, before}, "\n")))
	signature, err := rsa.SignPKCS1v15(nil, c.key, crypto.SHA256, sum[:])
	if err != nil {
		return err
	}
	c.signed = hex.EncodeToString(signature)
	if _, err := packTo(filepath.Join(c.dir, name), raw); err != nil {
		return err
	}
	meta, err := json.Marshal(map[string]string{"signature": c.signed, "signature-algorithm": "SHA256withRSA"})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(c.dir, name+metadataSuffix), meta, 0o644)
}

func (d *delivery) list(logs []listed) error {
	file, err := os.Create(filepath.Join(d.dir, listFile))
	if err != nil {
		return err
	}
	out := bufio.NewWriter(file)
	for _, l := range logs {
		fmt.Fprintln(out, l.Hash, l.Key)
	}
	return errors.Join(out.Flush(), file.Close())
}
