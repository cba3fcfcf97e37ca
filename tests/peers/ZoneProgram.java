import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.*;
import java.io.*;
import java.net.*;
import java.net.http.*;
import java.nio.ByteBuffer;
import java.nio.file.*;
import java.security.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.regex.*;
import javax.crypto.*;
import javax.crypto.spec.*;

/**
 * A zone program on the JDK's own HTTP server and client, with its own implementation of the channel.
 *
 * Nothing of Ringback is in it: HKDF (RFC 5869) is written out here, HMAC and AES-256-GCM are the JDK's.
 * See README.md for arguments, abilities and output.
 */
public class ZoneProgram {
    static final String LABEL = "ringback-zone-1";
    static final List<String> SIGNED =
            List.of("ww-key-id", "ww-secret-ver", "ww-timestamp", "ww-nonce", "ww-request-id");
    static final PrintStream LINES = new PrintStream(new FileOutputStream(FileDescriptor.out), true, UTF_8);
    static final Set<String> SEEN = ConcurrentHashMap.newKeySet();
    static final Map<String, String> OPTIONS = new HashMap<>(Map.of("--refuse", "0", "--reply", "chunked"));
    static AtomicInteger refusals;

    public static void main(String[] words) throws IOException {
        for (int at = 0; at < words.length; at += 2) OPTIONS.put(words[at], words[at + 1]);
        refusals = new AtomicInteger(Integer.parseInt(OPTIONS.get("--refuse")));
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/", ZoneProgram::serve);
        server.start();
        LINES.println("listening " + server.getAddress().getPort());
        while (System.in.read() >= 0) {}
        Runtime.getRuntime().halt(0);
    }

    static void serve(HttpExchange exchange) {
        try (exchange) {
            var headers = lowered(exchange.getRequestHeaders());
            byte[] body = exchange.getRequestBody().readAllBytes();
            String id = headers.get("ww-request-id");
            BiConsumer<String, String> set = exchange.getResponseHeaders()::set;
            try {
                String frame = open("request", "/", headers, body);
                say("asked", Map.of("method", exchange.getRequestMethod(), "protocol", exchange.getProtocol(),
                        "path", "" + exchange.getRequestURI(), "client", exchange.getRemoteAddress().getPort(),
                        "headers", headers, "body_bytes", body.length, "frame", new Raw(frame)));
                finish(exchange, seal("reply", "/", id, "ok", answer(frame), set));
            } catch (Refused refused) {
                say("refused", Map.of("code", refused.code));
                if (refused.code == -10008) set.accept("ww-refusal", "-10008");
                finish(exchange, refused.code == -10008 ? new byte[0] : seal("reply", "/", id, "error", "", set));
            }
        } catch (Exception error) {
            error.printStackTrace();
        }
    }

    static void finish(HttpExchange exchange, byte[] body) throws IOException {
        boolean closes = OPTIONS.get("--reply").equals("close");
        if (closes) exchange.getResponseHeaders().set("Connection", "close");
        // To this server 0 means chunked, and -1 nothing.
        exchange.sendResponseHeaders(200, body.length == 0 ? -1 : closes ? body.length : 0);
        exchange.getResponseBody().write(body);
    }

    /** The text that the program answers with. */
    static String answer(String frame) throws Exception {
        String data = text(frame, "data"), ability = text(frame, "ability_id");
        if (member(frame, "call_type").equals("2")) {
            if (refusals.getAndDecrement() > 0) throw new Refused(-10001);
            return "{}";
        }
        if (member(frame, "is_async").equals("true")) {
            new Thread(() -> report(frame, data)).start();
            return "{}";
        }
        if (ability.equals("echo")) return "{\"echo\":" + data + "}";
        if (ability.equals("fourfold")) return "{\"echo\":[" + String.join(",", data, data, data, data) + "]}";
        return invoke(ability.replaceFirst("^invoke_", ""), frame, data);
    }

    /** Tells the zone that a job is done; its data is its result. */
    static void report(String frame, String data) {
        try {
            String done = json(Map.of("errcode", 0, "result", data));
            say("reported", Map.of("answer", new Raw(invoke("program_async_job_call_back", frame, done))));
        } catch (Exception error) {
            error.printStackTrace();
        }
    }

    /** What the zone answers to an SDK API. */
    static String invoke(String api, String frame, String request) throws Exception {
        var plaintext = new HashMap<String, Object>(Map.of("request", request));
        for (String name : List.of("corpid", "agentid", "ability_id", "job_info")) {
            plaintext.put(name, new Raw(member(frame, name)));
        }
        URI uri = URI.create(Keys.of(null, "invoke").zoneUrl + "/zone/invoke/" + api);
        String id = url64(random());
        var post = HttpRequest.newBuilder(uri);
        byte[] body = seal("invoke", api, id, "", json(plaintext), post::header);
        post.POST(HttpRequest.BodyPublishers.ofByteArray(body));
        var answer = HttpClient.newHttpClient().send(post.build(), HttpResponse.BodyHandlers.ofByteArray());
        var headers = lowered(answer.headers().map());
        String opened = open("invoke-reply", api, headers, answer.body());
        boolean fits = id.equals(headers.get("ww-request-id")) && "ok".equals(headers.get("ww-outcome"));
        if (!fits) throw new Refused(Integer.parseInt(headers.getOrDefault("ww-refusal", "-10004")));
        return opened;
    }

    /** A message that is not opened, or not answered, with the SDK's code for it. */
    static class Refused extends Exception {
        final int code;

        Refused(int code) {
            this.code = code;
        }
    }

    /** Keys in the credentials file, which may be replaced at any time. */
    record Keys(String zoneUrl, String keyId, String version, byte[] sign, byte[] encrypt) {
        /** Those of the highest version, if none is named. */
        static Keys of(String version, String flow) throws Exception {
            String file = Files.readString(Path.of(OPTIONS.get("--credentials")));
            var secrets = new TreeMap<Integer, String>();
            Matcher live = Pattern.compile("\"version\":(\\d+),\"secret\":\"([^\"]+)\"").matcher(file);
            while (live.find()) secrets.put(Integer.valueOf(live.group(1)), live.group(2));
            Integer number = version == null ? secrets.lastKey() : Integer.valueOf(version);
            if (!secrets.containsKey(number)) throw new Refused(-10008);
            byte[] root = mac(LABEL.getBytes(UTF_8), Base64.getDecoder().decode(secrets.get(number)));
            byte[] sign = expand(root, ("mac\0" + flow).getBytes(UTF_8), 32);
            byte[] encrypt = expand(root, ("enc\0" + flow).getBytes(UTF_8), 32);
            return new Keys(text(file, "zone_url"), text(file, "key_id"), "" + number, sign, encrypt);
        }
    }

    /** Sets the headers of a message of ours; its body. */
    static byte[] seal(String flow, String target, String id, String outcome, String text,
            BiConsumer<String, String> set) throws Exception {
        Keys keys = Keys.of(null, flow);
        byte[] nonce = random();
        String now = "" + System.currentTimeMillis();
        var values = List.of(LABEL, flow, target, keys.keyId, keys.version, now, url64(nonce), id);
        byte[] associated = items(values.toArray());
        byte[] sealed = crypt(Cipher.ENCRYPT_MODE, keys.encrypt, nonce, associated, text.getBytes(UTF_8));
        byte[] body = json(Map.of("encrypt", Base64.getEncoder().encodeToString(sealed))).getBytes(UTF_8);
        set.accept("content-type", "application/json");
        set.accept("ww-channel", "1");
        for (int at = 3; at < values.size(); at++) set.accept(SIGNED.get(at - 3), values.get(at));
        if (!outcome.isEmpty()) set.accept("ww-outcome", outcome);
        byte[] signature = mac(keys.sign, associated, items(outcome, body));
        set.accept("ww-signature", Base64.getEncoder().encodeToString(signature));
        return body;
    }

    /** The plaintext of a message of the zone's, after every check. */
    static String open(String flow, String target, Map<String, String> headers, byte[] body) throws Exception {
        var values = new ArrayList<>(List.of(LABEL, flow, target));
        SIGNED.forEach(name -> values.add(headers.getOrDefault(name, "")));
        Keys keys = Keys.of(values.get(4), flow);
        if (!"1".equals(headers.get("ww-channel")) || !keys.keyId.equals(values.get(3))) throw new Refused(-10008);
        byte[] associated = items(values.toArray());
        byte[] signature = mac(keys.sign, associated, items(headers.getOrDefault("ww-outcome", ""), body));
        boolean fits = MessageDigest.isEqual(signature, Base64.getDecoder().decode(headers.get("ww-signature")));
        long away = Math.abs(System.currentTimeMillis() - Long.parseLong(values.get(5)));
        if (!fits || away > 300_000 || !SEEN.add(values.get(6))) throw new Refused(-10004);
        byte[] sealed = Base64.getDecoder().decode(text(new String(body, UTF_8), "encrypt"));
        byte[] nonce = Base64.getUrlDecoder().decode(values.get(6));
        return new String(crypt(Cipher.DECRYPT_MODE, keys.encrypt, nonce, associated, sealed), UTF_8);
    }

    static byte[] crypt(int mode, byte[] key, byte[] nonce, byte[] associated, byte[] text) throws Exception {
        byte[] made = expand(key, nonce, 44);
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, new SecretKeySpec(made, 0, 32, "AES"), new GCMParameterSpec(128, made, 32, 12));
        cipher.updateAAD(associated);
        return cipher.doFinal(text);
    }

    static byte[] expand(byte[] key, byte[] info, int length) throws GeneralSecurityException {
        ByteBuffer output = ByteBuffer.allocate(length + 32);
        byte[] block = {};
        for (byte count = 1; output.position() < length; count++) {
            block = mac(key, block, info, new byte[] {count});
            output.put(block);
        }
        return Arrays.copyOf(output.array(), length);
    }

    static byte[] mac(byte[] key, byte[]... parts) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        for (byte[] part : parts) mac.update(part);
        return mac.doFinal();
    }

    static byte[] items(Object... values) {
        var output = new ByteArrayOutputStream();
        for (Object value : values) {
            byte[] bytes = value instanceof byte[] raw ? raw : ((String) value).getBytes(UTF_8);
            output.writeBytes(ByteBuffer.allocate(4).putInt(bytes.length).array());
            output.writeBytes(bytes);
        }
        return output.toByteArray();
    }

    static byte[] random() {
        byte[] bytes = new byte[16];
        new SecureRandom().nextBytes(bytes);
        return bytes;
    }

    static String url64(byte[] raw) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(raw);
    }

    static Map<String, String> lowered(Map<String, List<String>> headers) {
        var lowered = new HashMap<String, String>();
        headers.forEach((name, values) -> lowered.put(name.toLowerCase(), String.join(", ", values)));
        return lowered;
    }

    /** JSON that is there already. */
    record Raw(String json) {}

    static void say(String kind, Map<String, ?> members) {
        var record = new HashMap<String, Object>(members);
        record.put("kind", kind);
        LINES.println(json(record));
    }

    static String json(Object value) {
        if (value instanceof Raw raw) return raw.json;
        if (value instanceof Number) return value.toString();
        if (value instanceof Map<?, ?> map) {
            var members = new StringJoiner(",", "{", "}");
            map.forEach((name, inner) -> members.add(json(name) + ":" + json(inner)));
            return members.toString();
        }
        Matcher special = Pattern.compile("[\"\\\\\\x00-\\x1f]").matcher((String) value);
        return '"' + special.replaceAll(each -> "\\\\u%04x".formatted((int) each.group().charAt(0))) + '"';
    }

    /** A member of an object as its JSON: no name stands between quotes inside of a text. */
    static String member(String json, String name) {
        int from = json.indexOf('"' + name + "\":") + name.length() + 3, to = from;
        boolean isText = json.charAt(from) == '"';
        do {
            to += isText && json.charAt(to) == '\\' ? 2 : 1;
        } while ((isText ? "\"" : ",}").indexOf(json.charAt(to)) < 0);
        return json.substring(from, isText ? to + 1 : to);
    }

    /** A member that is a text, as the zone escapes it: a `\\u` would be a failure here. */
    static String text(String json, String name) {
        String quoted = member(json, name);
        return quoted.substring(1, quoted.length() - 1).translateEscapes();
    }
}
