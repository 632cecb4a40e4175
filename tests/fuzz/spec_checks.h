/* What holds for each document that was accepted. */
#ifndef FUZZ_SPEC_CHECKS_H
#define FUZZ_SPEC_CHECKS_H

#include "oci/spec.h"

/* An error of a document begins with its name, and then has a place: "NAME:3:7: …", "NAME: a.b: …",
 * or, about all of it, words alone. */
void check_document_error(const struct ironbox_error *error, const char *name);
/* Printed and parsed again it is the same. */
void check_printed_again(const struct spec *spec, enum spec_kind kind);
/* Each field that is asked for has an owner, and stands where its path says. */
void check_asked(const struct spec *spec);
/* The process, typed, is refused in words or all its values are in their ranges. */
void check_process(const struct spec *spec);
void check_hooks(const struct spec *spec);

#endif
