// Stores what oidc-provider issues in Redis: one value a token, one read a look-up.
import { Redis } from 'ioredis';

// Commands of one turn of the event loop are sent together.
const redis = new Redis({ port: Number(process.env.REDIS_PORT), enableAutoPipelining: true });

export class RedisAdapter {
  constructor(model) {
    this.prefix = `oidc:${model}:`;
  }

  async upsert(id, payload, expiresIn) {
    await redis.set(this.prefix + id, JSON.stringify(payload), 'EX', expiresIn);
  }

  async find(id) {
    const stored = await redis.get(this.prefix + id);
    return stored === null ? undefined : JSON.parse(stored);
  }

  async destroy(id) {
    await redis.del(this.prefix + id);
  }

  // Of grants with users, which this server has none of.
  async findByUid() {}
  async findByUserCode() {}
  async consume() {}
  async revokeByGrantId() {}
}
