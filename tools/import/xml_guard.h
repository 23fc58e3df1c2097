/*
 * What of an XML file from a stranger is refused before a parser sees it: parsers take
 * a time or a memory for some of it that nobody expects.
 *
 * Memory: the source's arena. Errors: a fault of the source names the line and the
 * limit. Threads: one at a time.
 */
#ifndef KONTOR_TOOLS_IMPORT_XML_GUARD_H
#define KONTOR_TOOLS_IMPORT_XML_GUARD_H

#include "tools/import/source.h"

/* Far beyond what any source writes. The bytes of one tag or one text between tags. */
enum { XML_MAX_DEPTH = 64, XML_MAX_ATTRIBUTES = 64, XML_MAX_BYTES = 1024 * 1024 };

/*
 * Whether content may be parsed: it is UTF-8 and says nothing else, elements nest no
 * deeper, have no more attributes, nothing in them is longer than the limits, and there
 * is no declaration but that of XML: no document type, no entity. What else is no XML
 * is left to the parser.
 */
bool xml_guard(const struct source *source, struct bytes content);

#endif
