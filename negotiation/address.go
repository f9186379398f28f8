package negotiation

import (
	"net/netip"
	"strings"
)

// Class says what kind of address a candidate has, which decides from where it
// can be reached.
type Class string

// The classes of addresses.
const (
	ClassPublic      Class = "public"
	ClassPrivate     Class = "private"       // RFC 1918, RFC 4193
	ClassCarrierNAT  Class = "carrier NAT"   // RFC 6598
	ClassDocker      Class = "docker bridge" // 172.17.0.0/16, the bridge that Docker makes by default
	ClassLoopback    Class = "loopback"
	ClassLinkLocal   Class = "link-local"
	ClassUnspecified Class = "unspecified" // 0.0.0.0, ::
	ClassMulticast   Class = "multicast"
	ClassMDNS        Class = "mDNS"      // a name that ends in .local (RFC 6762)
	ClassName        Class = "host name" // any other name
	ClassUnknown     Class = "unknown"   // no address
)

var (
	dockerBridge = netip.MustParsePrefix("172.17.0.0/16")
	carrierNAT   = netip.MustParsePrefix("100.64.0.0/10")
)

// ClassOf tells the class of an address or host name as a candidate has it.
func ClassOf(address string) Class {
	if address == "" {
		return ClassUnknown
	}
	a, err := netip.ParseAddr(strings.Trim(address, "[]"))
	if err != nil {
		if strings.HasSuffix(strings.ToLower(strings.TrimSuffix(address, ".")), ".local") {
			return ClassMDNS
		}
		return ClassName
	}
	a = a.Unmap()
	switch {
	case a.IsUnspecified():
		return ClassUnspecified
	case a.IsLoopback():
		return ClassLoopback
	case a.IsMulticast():
		return ClassMulticast
	case a.IsLinkLocalUnicast():
		return ClassLinkLocal
	case dockerBridge.Contains(a):
		return ClassDocker
	case a.IsPrivate():
		return ClassPrivate
	case carrierNAT.Contains(a):
		return ClassCarrierNAT
	}
	return ClassPublic
}

// isIPv6 tells the family; false for names as well.
func isIPv6(address string) bool {
	a, err := netip.ParseAddr(strings.Trim(address, "[]"))
	return err == nil && a.Unmap().Is6()
}

// reachableFromOutside reports whether packets of the internet may come to an
// address of the class.
func (c Class) reachableFromOutside() bool { return c == ClassPublic || c == ClassName }
