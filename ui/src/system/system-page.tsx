import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ProblemNote } from "../controls/problem-note.tsx";
import { Skeleton } from "../controls/skeleton.tsx";
import { get, type Problem } from "../request.ts";
import { lasting } from "../time.ts";
import { When } from "../when.tsx";
import { say, sayCounted } from "../words.ts";
import { ailments, isChannelFine, isOutboxFine, isProcessFine, isQueueFine, type Status } from "./status.ts";

/** How often the page asks again, ms. */
const REFRESH_MS = 5_000;

/** How the system is: a quiet page while all is well. */
export function SystemPage() {
  const [status, setStatus] = useState<Status>();
  const [problem, setProblem] = useState<Problem>();
  const load = async (): Promise<void> => {
    const answer = await get<Status>("/api/status");
    setProblem(answer.problem);
    if (answer.value) setStatus(answer.value);
  };
  useEffect(() => {
    void load();
    const refreshing = setInterval(load, REFRESH_MS);
    return () => clearInterval(refreshing);
  }, []);

  if (!status) {
    if (problem) return <ProblemNote problem={problem} retry={load} />;
    return <Skeleton />;
  }
  const wrong = ailments(status);
  return (
    <>
      <header class="heading">
        <h1>{wrong === 0 ? say("system.fine") : sayCounted("system.wrong", wrong)}</h1>
        <p class="quiet">
          {say("system.release", { release: status.release, time: lasting(status.uptimeSeconds * 1_000) })}
          {status.profile === "demonstration" && ` · ${say("demonstration")}`}
        </p>
      </header>
      <ProblemNote problem={problem} retry={load} />
      <div class="parts">
        <Parts title={say("system.processes")}>
          {status.processes.map((process) => (
            <Part key={process.name} name={process.name} isFine={isProcessFine(process)}>
              {process.state.replaceAll("_", " ")}
            </Part>
          ))}
        </Parts>
        <Parts title={say("system.doors")}>
          {status.doors.map(({ id, name, camera }) => (
            <Part key={id} name={name} isFine>
              {say("system.camera", { camera })}
            </Part>
          ))}
          <Part name={say("system.people")} isFine>
            {status.people}
          </Part>
        </Parts>
        <Parts title={say("system.work")}>
          {status.queue.map((queue) => (
            <Part key={queue.kind} name={queue.kind} isFine={isQueueFine(queue)}>
              {waitingText(queue.open, queue.dead)}
            </Part>
          ))}
          <Part name={say("system.outbox")} isFine={isOutboxFine(status.outbox)}>
            {waitingText(status.outbox.waiting, status.outbox.dead)}
          </Part>
        </Parts>
        <Parts title={say("system.channels")}>
          {status.channels.length === 0 && <p class="quiet">{say("system.channels.none")}</p>}
          {status.channels.map((channel) => (
            <Part key={channel.name} name={channel.name} isFine={isChannelFine(channel)}>
              {say(`channel.${channel.state}`)}
              {channel.lastError !== null && ` (${channel.lastError})`}
              {channel.lastSuccessAt !== null && (
                <>
                  {" · "}
                  <When at={channel.lastSuccessAt} as="news" />
                </>
              )}
            </Part>
          ))}
        </Parts>
      </div>
    </>
  );
}

function Parts({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="panel">
      <h2>{title}</h2>
      <ul class="lines">{children}</ul>
    </section>
  );
}

function Part({ name, isFine, children }: { name: string; isFine: boolean; children: ComponentChildren }) {
  return (
    <li class={`line ${isFine ? "" : "bad"}`}>
      <span class="sign" aria-hidden="true">
        {isFine ? "·" : "!"}
      </span>
      <span class="grow">{name}</span>
      <span>{children}</span>
    </li>
  );
}

function waitingText(waiting: number, dead: number): string {
  if (dead > 0) return sayCounted("system.dead", dead);
  return waiting === 0 ? say("system.idle") : sayCounted("system.waiting", waiting);
}
