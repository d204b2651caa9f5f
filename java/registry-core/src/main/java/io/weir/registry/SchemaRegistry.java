package io.weir.registry;

import static io.weir.registry.DecodeError.INCOMPATIBLE_SCHEMA;
import static io.weir.registry.DecodeError.UNKNOWN_SCHEMA_ID;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;

/**
 * A cache of writer schemas by id. The schema of an id never changes, so a known schema is kept
 * forever and stays available when the registry is down. An unknown id is looked up again after a
 * short time, because a producer may have registered it since. All subtasks of a JVM share one
 * cache, and one request for each id.
 */
public final class SchemaRegistry {
  private static final Duration UNKNOWN_FOR = Duration.ofSeconds(30);

  /** Keeps poison records with random ids from filling the heap. */
  private static final int MAX_ENTRIES = 10_000;

  private static final Map<RegistryConfig, SchemaRegistry> SHARED = new ConcurrentHashMap<>();

  private final Map<Integer, Entry> entries = new ConcurrentHashMap<>();
  private final RegistryClient client;
  private final LongSupplier nanoTime;

  public SchemaRegistry(RegistryConfig config, LongSupplier nanoTime) throws IOException {
    this.client = new RegistryClient(config);
    this.nanoTime = nanoTime;
  }

  /** Returns the registry with this configuration that the whole JVM shares. */
  public static synchronized SchemaRegistry shared(RegistryConfig config) throws IOException {
    SchemaRegistry registry = SHARED.get(config);
    if (registry == null) {
      registry = new SchemaRegistry(config, System::nanoTime);
      SHARED.put(config, registry);
    }
    return registry;
  }

  /** Releases all registries when their class loader ends. Existing references remain usable. */
  public static void releaseShared() {
    SHARED.clear();
  }

  /**
   * Returns the schema with this id.
   *
   * @param onRequest runs before each request to the registry
   * @throws DecodeException if there is none, or if it is not an Avro schema
   * @throws IOException if the registry cannot be reached
   */
  public Schema byId(int id, Runnable onRequest) throws IOException, DecodeException {
    Entry entry = entries.get(id);
    if (entry == null) {
      makeRoom();
      entry = entries.computeIfAbsent(id, key -> new Entry());
    }
    Answer answer = entry.answer;
    if (answer == null || answer.isExpired(nanoTime.getAsLong())) {
      answer = ask(id, entry, onRequest);
    }
    if (answer.failure != null) {
      throw answer.failure;
    }
    return answer.schema;
  }

  /** The number of cached ids, known or unknown. */
  public int size() {
    return entries.size();
  }

  private void makeRoom() {
    if (entries.size() >= MAX_ENTRIES) {
      entries.values().removeIf(entry -> entry.answer == null || entry.answer.schema == null);
    }
  }

  private Answer ask(int id, Entry entry, Runnable onRequest) throws IOException {
    try {
      entry.lock.lockInterruptibly();
    } catch (InterruptedException e) {
      throw RegistryClient.interrupted();
    }
    try {
      if (entry.answer == null || entry.answer.isExpired(nanoTime.getAsLong())) {
        entry.answer = read(id, client.fetch(id, onRequest));
      }
      return entry.answer;
    } finally {
      entry.lock.unlock();
    }
  }

  private Answer read(int id, Optional<JsonNode> found) {
    if (found.isEmpty()) {
      return Answer.unknown(id, nanoTime.getAsLong() + UNKNOWN_FOR.toNanos());
    }
    JsonNode body = found.get();
    String type = body.path("schemaType").asText("AVRO");
    if (!type.equals("AVRO")) {
      return Answer.unusable(id, "is of type " + type + ", not AVRO");
    }
    if (!body.path("references").isEmpty()) {
      return Answer.unusable(id, "refers to other schemas; register it without references");
    }
    try {
      return Answer.known(
          new Schema.Parser().setValidateDefaults(false).parse(body.get("schema").asText()));
    } catch (AvroRuntimeException e) {
      return Answer.unusable(id, "is not a valid Avro schema: " + e.getMessage());
    }
  }

  /** The state of one id; the lock is held by the thread that asks the registry. */
  private static final class Entry {
    private final ReentrantLock lock = new ReentrantLock();
    private volatile Answer answer;
  }

  private record Answer(Schema schema, DecodeException failure, boolean expires, long expiryNanos) {
    static Answer known(Schema schema) {
      return new Answer(schema, null, false, 0);
    }

    static Answer unusable(int id, String why) {
      return new Answer(
          null, new DecodeException(INCOMPATIBLE_SCHEMA, "schema " + id + " " + why), false, 0);
    }

    static Answer unknown(int id, long expiryNanos) {
      DecodeException failure =
          new DecodeException(UNKNOWN_SCHEMA_ID, "the registry has no schema " + id);
      return new Answer(null, failure, true, expiryNanos);
    }

    boolean isExpired(long nanoTime) {
      return expires && nanoTime - expiryNanos >= 0;
    }
  }
}
