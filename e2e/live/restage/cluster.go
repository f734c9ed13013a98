package restage

import (
	"context"

	"mtls.test/conformance/e2e/live/survey"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/replay"
)

// objects are those of the cluster that are to be kept, cut down.
func (s *Stage) objects(ctx context.Context, keep func(replay.Object) bool) ([]replay.Object, error) {
	var all []replay.Object
	err := survey.Lists(ctx, s.Kube, func(apiVersion, kind string, list []byte) error {
		objects, err := replay.Decode(apiVersion, kind, list)
		for _, object := range objects {
			if keep(object) {
				all = append(all, object.Cut())
			}
		}
		return err
	})
	return all, err
}

// snapshot is what the cluster has, for the ports and protocols of its services.
func (s *Stage) snapshot(ctx context.Context) (oracle.Snapshot, error) {
	objects, err := s.objects(ctx, func(replay.Object) bool { return true })
	if err != nil {
		return oracle.Snapshot{}, err
	}
	return snapshotOf(objects)
}

// snapshotOf is what tls-check makes of the objects.
func snapshotOf(objects []replay.Object) (oracle.Snapshot, error) {
	content, err := replay.Write(objects)
	if err != nil {
		return oracle.Snapshot{}, err
	}
	read, err := survey.Read(content)
	if err != nil {
		return oracle.Snapshot{}, err
	}
	return read.Snapshot, nil
}
