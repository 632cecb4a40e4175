#include "task/identifier.h"

#include <ctype.h>
#include <string.h>

#define IDENTIFIER_MAX 76

bool identifier_is_valid(const char *text)
{
	if (!text || strlen(text) > IDENTIFIER_MAX)
		return false;
	for (const char *at = text; *at; at++) {
		bool is_between = at > text && isalnum((unsigned char)at[-1]) &&
		                  isalnum((unsigned char)at[1]);

		if (!isalnum((unsigned char)*at) && !(strchr("._-", *at) && is_between))
			return false;
	}
	return *text != '\0';
}
