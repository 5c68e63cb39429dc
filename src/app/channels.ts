import type { Logger } from "pino";
import type { Clock } from "../lib/clock.ts";
import { resolveSecret } from "../lib/settings.ts";
import type { Channel } from "../notifications/channel.ts";
import { emailChannel } from "../notifications/channels/email.ts";
import { logChannel } from "../notifications/channels/log.ts";
import { webhookChannel } from "../notifications/channels/webhook.ts";
import type { ChannelSettings, NotificationSettings } from "../notifications/settings.ts";

/** What the channels of this program need. */
export interface ChannelDeps {
  readonly clock: Clock;
  readonly log: Logger;
}

/** Opens every configured channel. Nothing is connected before the first message. */
export function openChannels(
  { channels }: Pick<NotificationSettings, "channels">,
  deps: ChannelDeps,
): Channel[] {
  return Object.entries(channels).map(([name, settings]) => openChannel(name, settings, deps));
}

function openChannel(name: string, settings: ChannelSettings, { clock, log }: ChannelDeps): Channel {
  switch (settings.kind) {
    case "webhook":
      return webhookChannel(name, settings, { clock, resolveSecret });
    case "email":
      return emailChannel(name, settings, { resolveSecret });
    case "log":
      return logChannel(name, { log: (line) => log.info({ delivery: line }, "notification") });
  }
}
