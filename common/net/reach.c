/* SPDX-License-Identifier: EUPL-1.2 */
#include "common/net/reach.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

struct range4 {
    uint32_t base;
    unsigned bits;
};

#define IP4(a, b, c, d)                                               \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | \
     (uint32_t)(d))

/** IANA IPv4 Special-Purpose Address Registry, and class D and E. */
static const struct range4 special4[] = {
    {IP4(0, 0, 0, 0), 8},       {IP4(10, 0, 0, 0), 8},
    {IP4(100, 64, 0, 0), 10},   {IP4(127, 0, 0, 0), 8},
    {IP4(169, 254, 0, 0), 16},  {IP4(172, 16, 0, 0), 12},
    {IP4(192, 0, 0, 0), 24},    {IP4(192, 0, 2, 0), 24},
    {IP4(192, 31, 196, 0), 24}, {IP4(192, 52, 193, 0), 24},
    {IP4(192, 88, 99, 0), 24},  {IP4(192, 168, 0, 0), 16},
    {IP4(192, 175, 48, 0), 24}, {IP4(198, 18, 0, 0), 15},
    {IP4(198, 51, 100, 0), 24}, {IP4(203, 0, 113, 0), 24},
    {IP4(224, 0, 0, 0), 3},
};

static bool
within(uint32_t a, struct range4 r)
{
    return (a ^ r.base) >> (32 - r.bits) == 0;
}

static bool
public4(uint32_t a)
{
    bool special = false;
    for (size_t i = 0; i < sizeof(special4) / sizeof(special4[0]); i++) {
        special = special || within(a, special4[i]);
    }
    return !special;
}

static uint32_t
be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           (uint32_t)p[3];
}

/** ::ffff:a.b.c.d */
static bool
mapped(const uint8_t b[16])
{
    static const uint8_t head[12] = {[10] = 0xff, [11] = 0xff};
    return memcmp(b, head, sizeof(head)) == 0;
}

/** Global unicast is 2000::/3 (RFC 4291); of it, not 2001::/23 (protocols),
 *  2001:db8::/32 and 3fff::/20 (documentation), and 2002::/16 (6to4), which
 *  leads to any IPv4 address, as 64:ff9b::/96 does, which is outside it. */
static bool
public6(const uint8_t b[16])
{
    bool unicast = (b[0] & 0xe0) == 0x20;
    bool protocols = b[0] == 0x20 && b[1] == 0x01 && b[2] < 0x02;
    bool documentation =
        be32(b) == 0x20010db8 || (b[0] == 0x3f && b[1] == 0xff && b[2] < 0x10);
    bool sixtofour = b[0] == 0x20 && b[1] == 0x02;
    return unicast && !protocols && !documentation && !sixtofour;
}

bool
br_reach_is_public(const struct sockaddr *a)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (a->sa_family == AF_INET) {
        memcpy(&v4, a, sizeof(v4));
        return public4(ntohl(v4.sin_addr.s_addr));
    }
    if (a->sa_family != AF_INET6) {
        return false;
    }
    memcpy(&v6, a, sizeof(v6));
    const uint8_t *b = v6.sin6_addr.s6_addr;
    return mapped(b) ? public4(be32(b + 12)) : public6(b);
}

bool
br_reach_is_loopback(const struct sockaddr *a)
{
    static const uint8_t one[16] = {[15] = 1};
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (a->sa_family == AF_INET) {
        memcpy(&v4, a, sizeof(v4));
        return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
    }
    if (a->sa_family != AF_INET6) {
        return false;
    }
    memcpy(&v6, a, sizeof(v6));
    const uint8_t *b = v6.sin6_addr.s6_addr;
    return memcmp(b, one, sizeof(one)) == 0 ||
           (mapped(b) && be32(b + 12) >> 24 == 127);
}
