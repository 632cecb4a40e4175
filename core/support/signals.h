/* Signals by name and number. */
#ifndef IRONBOX_SUPPORT_SIGNALS_H
#define IRONBOX_SUPPORT_SIGNALS_H

/* 15, TERM, SIGTERM, sigterm, RTMIN+3, SIGRTMAX-1: the signal's number, or -1. Not 0: that sends
 * nothing. */
int signal_from_text(const char *text);

#endif
