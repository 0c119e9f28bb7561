/* Holds the namespaces of a pod: the sandbox image of the test cluster. It does nothing until it is
   told to end. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void end(int number) {
    (void)number;
    _exit(EXIT_SUCCESS);
}

int main(void) {
    /* The first process of a namespace gets no signal that it does not handle. */
    signal(SIGTERM, end);
    signal(SIGINT, end);
    /* With a shared process namespace it inherits orphans: nobody waits for them. */
    signal(SIGCHLD, SIG_IGN);
    for (;;)
        pause();
}
