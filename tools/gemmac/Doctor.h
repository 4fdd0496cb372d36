// `gemmac doctor`: what this machine has for building and running executables.
#ifndef TOOLS_GEMMAC_DOCTOR_H
#define TOOLS_GEMMAC_DOCTOR_H

namespace gemmac {

/// Prints a line for each thing that is needed; returns false if one is missing.
bool doctor();

} // namespace gemmac
#endif
