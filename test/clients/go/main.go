// Does with code that genqlient generated what ../README.md asks of a client.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"

	"pinql-client/generated"

	"github.com/Khan/genqlient/graphql"
	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

var meta = map[string]string{"client": "go"}

type report struct {
	Client   string     `json:"client"`
	Pages    [][]string `json:"pages"`
	Read     string     `json:"read"`
	Replaced replaced   `json:"replaced"`
	Renamed  renamed    `json:"renamed"`
	Removed  bool       `json:"removed"`
	Errors   []string   `json:"errors"`
	Unknown  []string   `json:"unknown"`
	Followed []string   `json:"followed"`
}

type replaced struct {
	Name string            `json:"name"`
	Meta map[string]string `json:"meta"`
	Cid  string            `json:"cid"`
}

type renamed struct {
	Name     string `json:"name"`
	CidKept  bool   `json:"cidKept"`
	MetaKept bool   `json:"metaKept"`
}

func main() {
	ctx := context.Background()
	if watched := os.Getenv("PINQL_WATCH"); watched != "" {
		follow(ctx, watched, nil, func(status string) { fmt.Println(status) })
		return
	}
	client := graphql.NewClient(os.Getenv("PINQL_URL"), nil)

	one := add(ctx, client, "album 1", "bafkqab3bnrrhk3jage", meta)
	two := add(ctx, client, "album 2", "bafkqab3bnrrhk3jagi", meta)
	three := add(ctx, client, "album 3", "bafkqab3bnrrhk3jagm", meta)
	other := add(ctx, client, "other", "bafkqablporugk4q", nil)

	pages := list(ctx, client, "album")
	read := must(generated.ReadPin(ctx, client, &one.Id, nil)).Pin
	again := replace(ctx, client, generated.ReplacePinInput{Id: two.Id, Cid: ref("bafkqadlbnrrhk3jagiqgcz3bnfxa")})
	renamedPin := replace(ctx, client, generated.ReplacePinInput{Id: three.Id, Name: ref("album three")})
	removed := must(generated.RemovePin(ctx, client, generated.RemovePinInput{Id: other.Id})).RemovePin

	failedAdd := must(generated.AddPin(ctx, client, generated.AddPinInput{Cid: "no cid"})).AddPin.Error
	_, failedRead := generated.ReadPin(ctx, client, &other.Id, nil)
	unknown := []string{}
	if os.Getenv("PINQL_TODAY") == "0" {
		overQuota := generated.AddPinInput{Cid: "bafkqablporugk4q", Name: ref("over quota")}
		unknown = append(unknown, reaction(must(generated.AddPin(ctx, client, overQuota)).AddPin.Error.Code))
		_, err := generated.ReadPin(ctx, client, nil, ref("over-quota"))
		unknown = append(unknown, reaction(extension(err, "code")))
	}

	followed := add(ctx, client, "followed", "bafkqacdgn5wgy33xmvsa", nil)
	kinds := []generated.PinEventKind{generated.PinEventKindSnapshot, generated.PinEventKindStatusChanged}

	check(json.NewEncoder(os.Stdout).Encode(report{
		Client:   "go",
		Pages:    pages,
		Read:     *read.Name,
		Replaced: replaced{*again.Name, again.Meta, again.Cid},
		Renamed:  renamed{*renamedPin.Name, renamedPin.Cid == three.Cid, maps.Equal(renamedPin.Meta, meta)},
		Removed:  removed.Error == nil && *removed.PinId == other.Id,
		Errors: []string{
			failedAdd.Code + ":" + *failedAdd.Argument,
			extension(failedRead, "code") + ":" + extension(failedRead, "service"),
		},
		Unknown:  unknown,
		Followed: []string{last(ctx, followed.Id, nil), last(ctx, followed.Id, kinds)},
	}))
}

func add(ctx context.Context, client graphql.Client, name, cid string, meta map[string]string) *generated.PinParts {
	answer := must(generated.AddPin(ctx, client, generated.AddPinInput{Cid: cid, Name: &name, Meta: &meta})).AddPin
	return changed(answer.Pin, answer.Error)
}

func replace(ctx context.Context, client graphql.Client, input generated.ReplacePinInput) *generated.PinParts {
	answer := must(generated.ReplacePin(ctx, client, input)).ReplacePin
	return changed(answer.Pin, answer.Error)
}

func changed(pin *generated.PinParts, trouble *generated.ErrorParts) *generated.PinParts {
	if trouble != nil {
		check(fmt.Errorf("%s: %s", trouble.Code, trouble.Message))
	}
	return pin
}

func list(ctx context.Context, client graphql.Client, name string) (pages [][]string) {
	filter := &generated.PinFilter{Name: &name, Match: ref(generated.NameMatchPartial)}
	for after, more := (*string)(nil), true; more; {
		page := must(generated.ListPins(ctx, client, filter, ref(2), after)).Pins
		names := []string{}
		for _, pin := range page.Nodes {
			names = append(names, *pin.Name)
		}
		pages = append(pages, names)
		after, more = page.PageInfo.EndCursor, page.PageInfo.HasNextPage
	}
	return pages
}

// The last status of a pin.
func last(ctx context.Context, id string, kinds []generated.PinEventKind) (status string) {
	follow(ctx, id, kinds, func(seen string) { status = seen })
	return status
}

// Reads events until the server ends the subscription, since the pin is settled.
func follow(ctx context.Context, id string, kinds []generated.PinEventKind, show func(status string)) {
	client := graphql.NewClientUsingWebSocket(os.Getenv("PINQL_WS_URL"), dialer{})
	failed := must(client.Start(ctx))
	events, _, err := generated.FollowPins(ctx, client, []string{id}, kinds)
	check(err)
	for {
		select {
		case event, more := <-events:
			if !more {
				return
			}
			if event.Errors != nil {
				check(event.Errors)
			}
			if pin := event.Data.PinStatusChanged.Pin; pin != nil {
				show(string(pin.Status))
			}
		case err := <-failed:
			check(err)
		}
	}
}

// As docs/subscriptions.md of genqlient shows it.
type dialer struct{}

func (dialer) DialContext(ctx context.Context, url string, headers http.Header) (graphql.WSConn, error) {
	connection, _, err := websocket.DefaultDialer.DialContext(ctx, url, headers)
	return connection, err
}

// The text at a key of the first error's extensions.
func extension(err error, key string) string {
	var list gqlerror.List
	if !errors.As(err, &list) {
		check(fmt.Errorf("expected errors of a read, got %v", err))
	}
	return fmt.Sprint(list[0].Extensions[key])
}

// reaction returns the program's response to an error code. Unknown codes take the last branch.
func reaction(code string) string {
	switch code {
	case "RATE_LIMITED", "SERVICE_UNAVAILABLE":
		return code + "->RETRY"
	case "BAD_REQUEST", "PIN_NOT_FOUND":
		return code + "->GIVE UP"
	default:
		return code + "->OTHER"
	}
}

func ref[T any](value T) *T { return &value }

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
