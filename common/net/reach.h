/*
 * How far a call may reach that goes to an address given by a stranger: in a
 * request, a credential or somebody's metadata.
 *
 * Names are looked at after they are resolved, at the moment of connecting, so
 * that a name that changes its mind between two look-ups gains nothing.
 *
 * SPDX-License-Identifier: EUPL-1.2
 */
#ifndef BR_NET_REACH_H
#define BR_NET_REACH_H

#include <stdbool.h>

enum br_reach {
    BR_REACH_ANY = 0, /**< an address of our own configuration */
    BR_REACH_PUBLIC,  /**< https, to public addresses alone */
    /** The same, and http or https on this machine: development. */
    BR_REACH_PUBLIC_OR_LOOPBACK,
};

struct sockaddr;

/** Is it an address of the public Internet? Not: private, shared, link-local,
 *  loopback, unspecified, multicast, reserved, documentation (IANA's registries
 *  of special purpose addresses), nor IPv6 forms that carry such an IPv4 one.
 */
bool br_reach_is_public(const struct sockaddr *a);
bool br_reach_is_loopback(const struct sockaddr *a);

#endif
