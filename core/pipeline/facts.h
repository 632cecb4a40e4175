/* Facts of the node: texts of its files, each read once a verb. */
#ifndef IRONBOX_PIPELINE_FACTS_H
#define IRONBOX_PIPELINE_FACTS_H

struct fact;

/* The text of the file at an absolute path, or NULL with errno. Owned by the list. */
const char *facts_get(struct fact **facts, const char *path);
void facts_free(struct fact *facts);

#endif
