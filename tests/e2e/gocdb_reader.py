"""GOCDB's documents read the way monitoring systems read them: by lines, by the first element of a name, by patterns.

Each function is one reader's habit, written after its source; what it relies on and does not find fails the test.
"""
import calendar
import re
import time
import xml.dom.minidom as dom


def children(element):
    return [node for node in element.childNodes if node.nodeType == node.ELEMENT_NODE]


def names(element):
    return [node.tagName for node in children(element)]


def text(element, name):
    """Of the first element of that name, however deep, as all of them look."""
    node = element.getElementsByTagName(name)[0]
    return node.firstChild.data if node.firstChild else ""


def seconds(formatted):
    """A FORMATED_ date as ARGO reads it, in UTC."""
    return calendar.timegm(time.strptime(formatted, "%Y-%m-%d %H:%M"))


def joined(pages):
    """ARGO joins pages by dropping the lines of the frame: these must hold nothing else."""
    lines = [line for page in pages for line in page.splitlines()
             if not any(mark in line for mark in ("<?xml", "<results>", "</results>"))]
    return dom.parseString("<all>" + "\n".join(lines) + "</all>").documentElement


def next_cursor(page):
    """ARGO: of the link that is called next the last number behind next_cursor=; None: the page has count 0."""
    document = dom.parseString(page)
    if text(document, "count") == "0":
        return None
    href = [link.getAttribute("href") for link in document.getElementsByTagName("link")
            if link.getAttribute("rel") == "next"][0]
    return re.findall(r"next_cursor=(\d+)", href)[-1]


def has_next(page):
    """APEL follows the link while there is one."""
    return any(link.getAttribute("rel") == "next" for link in dom.parseString(page).getElementsByTagName("link"))


def topology(document):
    """ARGO, endpoints: every one of these is asked of every service."""
    rows = {}
    for service in dom.parseString(document).getElementsByTagName("SERVICE_ENDPOINT"):
        key = service.getAttribute("PRIMARY_KEY")
        rows[key] = {name: text(service, name) for name in (
            "HOSTNAME", "SERVICE_TYPE", "SITENAME", "ROC_NAME", "IN_PRODUCTION", "NODE_MONITORED", "BETA", "URL")}
        rows[key]["extensions"] = {text(row, "KEY"): text(row, "VALUE")
                                   for row in service.getElementsByTagName("EXTENSIONS")[-1]
                                   .getElementsByTagName("EXTENSION")}
        rows[key]["scopes"] = [node.firstChild.data for node in service.getElementsByTagName("SCOPES")[0]
                               .getElementsByTagName("SCOPE") if node.firstChild]
        rows[key]["ways"] = [(text(way, "NAME"), text(way, "URL"), text(way, "INTERFACENAME"))
                             for way in service.getElementsByTagName("ENDPOINTS")[0].getElementsByTagName("ENDPOINT")]
    return rows


def sites(document):
    """ARGO, sites: the name is an attribute; GLUE wants scope and certification."""
    return {site.getAttribute("NAME"): {name: text(site, name) for name in (
        "ROC", "CERTIFICATION_STATUS", "PRIMARY_KEY", "NOTIFICATIONS", "DOMAIN_NAME")}
            for site in dom.parseString(document).getElementsByTagName("SITE")}


def groups(document):
    """ARGO, service groups: members by host and type."""
    return {text(group, "NAME"): [(text(member, "HOSTNAME"), text(member, "SERVICE_TYPE"))
                                  for member in group.getElementsByTagName("SERVICE_ENDPOINT")]
            for group in dom.parseString(document).getElementsByTagName("SERVICE_GROUP")}


def downtimes(document):
    """ARGO: every child of the results has a classification; only what is scheduled and an outage counts."""
    rows = []
    for row in children(dom.parseString(document).documentElement):
        classification = row.attributes["CLASSIFICATION"].value
        if classification == "SCHEDULED" and text(row, "SEVERITY") == "OUTAGE":
            rows.append((text(row, "HOSTNAME"), text(row, "SERVICE_TYPE"),
                         seconds(text(row, "FORMATED_START_DATE")), seconds(text(row, "FORMATED_END_DATE"))))
    return rows


def dirac_downtimes(document):
    """DIRAC: by the key and the first ENDPOINT, with a link, and URLs of what is hit."""
    rows = {}
    for row in dom.parseString(document).getElementsByTagName("DOWNTIME"):
        urls = [node.firstChild.data for part in row.getElementsByTagName("AFFECTED_ENDPOINTS")
                for node in part.getElementsByTagName("URL") if node.firstChild]
        rows[row.getAttribute("PRIMARY_KEY") + " " + text(row, "ENDPOINT")] = {
            **{name: text(row, name) for name in ("HOSTNAME", "HOSTED_BY", "SERVICE_TYPE", "SEVERITY", "DESCRIPTION",
                                                  "GOCDB_PORTAL_URL", "FORMATED_START_DATE", "FORMATED_END_DATE")},
            "URLS": urls}
    return rows


def nested_downtimes(document):
    """Mentix: times in seconds are those of the downtime, its services below."""
    rows = {}
    for row in dom.parseString(document).getElementsByTagName("DOWNTIME"):
        rows[row.getAttribute("PRIMARY_KEY")] = {
            "from": int(text(row, "START_DATE")), "until": int(text(row, "END_DATE")),
            "services": [(text(service, "HOSTNAME"), text(service, "SERVICE_TYPE"), text(service, "HOSTED_BY"),
                          int(text(service, "END_DATE")) if service.getElementsByTagName("END_DATE")
                          else int(text(row, "END_DATE")))
                         for service in row.getElementsByTagName("SERVICE")]}
    return rows


def subjects(pages):
    """APEL: HOSTDN where there is one, nothing else."""
    return [node.firstChild.data for page in pages for node in dom.parseString(page).getElementsByTagName("HOSTDN")
            if node.firstChild]


def cloud_services(document):
    """fedcloudclient: production only, URLs of the ways in behind the service's own."""
    return [(text(row, "SITENAME"), text(row, "PRIMARY_KEY"), text(row, "URL"))
            for row in dom.parseString(document).getElementsByTagName("SERVICE_ENDPOINT")
            if text(row, "IN_PRODUCTION") == "Y"]


def bdii_sites(document):
    """glite-info-update-endpoints: attributes of get_site_list."""
    return [(row.getAttribute("ROC"), row.getAttribute("NAME"), row.getAttribute("GIIS_URL"))
            for row in dom.parseString(document).getElementsByTagName("SITE")]


def nagios_finds(document, name):
    """check_http looks for one line with the attributes in their order."""
    return re.search(rf'<SITE .* NAME="{re.escape(name)}" .*/>', document) is not None


def types(document):
    return {text(row, "SERVICE_TYPE_NAME"): text(row, "SERVICE_TYPE_DESC")
            for row in dom.parseString(document).getElementsByTagName("SERVICE_TYPE")}


def changes(document):
    """Scripts of availability: seconds, site, and the pair; TIME says the same."""
    rows = []
    for row in dom.parseString(document).getElementsByTagName("result"):
        at = int(text(row, "UNIX_TIME"))
        assert time.strftime("%d-%b-%Y %H.%M.%S", time.gmtime(at)).upper() == text(row, "TIME"), text(row, "TIME")
        rows.append((at, text(row, "SITE"), text(row, "OLD_STATUS"), text(row, "NEW_STATUS")))
    return rows
