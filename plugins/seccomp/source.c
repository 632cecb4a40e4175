#include "source.h"

#include "document.h"

size_t source_count(const struct source *source, const struct ironbox_value *value)
{
	return source->document ? document_count(source->document, value)
	                        : source->host->count(value);
}

const struct ironbox_value *source_item(const struct source *source,
                                        const struct ironbox_value *value, size_t index,
                                        const char **key)
{
	return source->document ? document_item(source->document, value, index, key)
	                        : source->host->item(value, index, key);
}

const char *source_text(const struct source *source, const struct ironbox_value *value)
{
	return source->document ? document_text(source->document, value)
	                        : source->host->text(value);
}

int source_read(const struct source *source, const struct ironbox_value *value,
                const struct ironbox_field *fields, void *out, struct ironbox_error *error)
{
	if (source->document)
		return document_read(source->document, source, value, fields, out, error);
	return source->host->read(source->stage, value, fields, out, error);
}
