// The formats of strings that are enforced. Each is at most what its standard allows, and may be less.
#include "runtime/grammar/SchemaShape.h"

namespace gemmart {

#define YEAR "(?:[1-9]\\d{3}|0[1-9]\\d\\d|00[1-9]\\d|000[1-9])"
#define LEAP_YEAR "(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
#define DATE                                                                                                           \
  "(?:" YEAR "-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|"  \
  "2[0-8]))|" LEAP_YEAR "-02-29)"
#define TIME "(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,6})?(?:Z|[+-](?:[01]\\d|2[0-3]):[0-5]\\d)"
#define LABEL "[A-Za-z0-9](?:-?[A-Za-z0-9]){0,30}"
#define HOST LABEL "(?:\\." LABEL "){0,3}"
#define BYTE "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)"
#define IPV4 BYTE "\\." BYTE "\\." BYTE "\\." BYTE
#define H "[0-9A-Fa-f]{1,4}"
#define IPV6                                                                                                           \
  "(?:(?:" H ":){7}" H "|(?:" H ":){1,7}:|(?:" H ":){1,6}:" H "|(?:" H ":){1,5}(?::" H "){1,2}|(?:" H ":){1,4}(?::" H  \
  "){1,3}|(?:" H ":){1,3}(?::" H "){1,4}|(?:" H ":){1,2}(?::" H "){1,5}|" H ":(?::" H "){1,6}|:(?::" H "){1,7}|::)"
#define DAYS "(?:\\d{1,6}Y(?:\\d{1,6}M(?:\\d{1,6}D)?)?|\\d{1,6}M(?:\\d{1,6}D)?|\\d{1,6}D)"
#define HOURS "T(?:\\d{1,6}H(?:\\d{1,6}M(?:\\d{1,6}S)?)?|\\d{1,6}M(?:\\d{1,6}S)?|\\d{1,6}S)"
#define ATOM "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
#define PATH "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"

std::string_view formatPattern(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> kPatterns[] = {
      {"date", DATE},
      {"time", TIME},
      {"date-time", DATE "T" TIME},
      {"duration", "P(?:" DAYS "(?:" HOURS ")?|" HOURS "|\\d{1,6}W)"},
      {"email", ATOM "(?:\\." ATOM ")*@" HOST},
      {"hostname", HOST},
      {"ipv4", IPV4},
      {"ipv6", IPV6},
      {"uuid", "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"},
      {"uri", "(?:[A-Za-z][A-Za-z0-9+.-]*://" HOST "(?::\\d{1,4})?(?:/" PATH "*)*|(?:urn|mailto|tel|data):" PATH
              "+)(?:\\?(?:" PATH "|[/?])*)?(?:#(?:" PATH "|[/?])*)?"},
  };
  for (auto [each, pattern] : kPatterns)
    if (each == name)
      return pattern;
  return {};
}

} // namespace gemmart
